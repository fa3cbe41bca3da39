// SPDX-License-Identifier: MIT
// A rectangle of the window, covered by a whole texture.
#version 450

layout(push_constant) uniform Quad {
    vec2 origin; // top left, in clip space
    vec2 size;
} quad;

layout(location = 0) out vec2 position;

void main()
{
    position = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1);
    gl_Position = vec4(quad.origin + position * quad.size, 0.0, 1.0);
}
