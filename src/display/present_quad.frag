// SPDX-License-Identifier: MIT
#version 450

layout(binding = 0) uniform sampler2D picture;

layout(location = 0) in vec2 position;
layout(location = 0) out vec4 colour;

void main()
{
    colour = texture(picture, position);
}
