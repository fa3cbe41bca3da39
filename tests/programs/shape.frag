// SPDX-License-Identifier: MIT
// The colour, times the texture where there are coordinates (not negative).
#version 450

layout(set = 0, binding = 1) uniform sampler2D image;

layout(location = 0) in vec4 color;
layout(location = 1) in vec2 coordinate;
layout(location = 0) out vec4 out_color;

void main()
{
    vec4 texel = textureLod(image, max(coordinate, 0.0), 0.0);

    out_color = coordinate.x < 0.0 ? color : color * texel;
}
