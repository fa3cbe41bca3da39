// SPDX-License-Identifier: MIT
// Positions are in pixels; the uniform buffer has the size of the picture.
#version 450

layout(set = 0, binding = 0) uniform Picture {
    vec2 size;
};

layout(location = 0) in vec3 position;
layout(location = 1) in vec4 color;
layout(location = 2) in vec2 coordinate;

layout(location = 0) out vec4 out_color;
layout(location = 1) out vec2 out_coordinate;

void main()
{
    gl_Position = vec4(position.xy / size * 2.0 - 1.0, position.z, 1.0);
    out_color = color;
    out_coordinate = coordinate;
}
