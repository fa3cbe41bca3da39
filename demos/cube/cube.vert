// SPDX-License-Identifier: MIT
#version 450

layout(push_constant) uniform Push {
    mat4 clip_from_model;
    mat4 world_from_model;
};

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 color;
layout(location = 3) in vec2 coordinate; // -1 to 1 on each face

layout(location = 0) out vec3 out_position;
layout(location = 1) out vec3 out_normal;
layout(location = 2) out vec3 out_color;
layout(location = 3) out vec2 out_coordinate;

void main()
{
    gl_Position = clip_from_model * vec4(position, 1.0);
    out_position = (world_from_model * vec4(position, 1.0)).xyz;
    out_normal = mat3(world_from_model) * normal;
    out_color = color;
    out_coordinate = coordinate;
}
