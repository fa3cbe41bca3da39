// SPDX-License-Identifier: MIT
// A small triangle in the middle, without vertex buffers.
#version 450

void main()
{
    vec2 corner = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1);

    gl_Position = vec4(corner * 0.05, 0.0, 1.0);
}
