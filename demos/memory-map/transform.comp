// SPDX-License-Identifier: MIT
#version 450
// Reads one buffer, writes another: out = in * 3 + index.

layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer In { uint words_in[]; };
layout(set = 0, binding = 1) writeonly buffer Out { uint words_out[]; };

void main()
{
    const uint i = gl_GlobalInvocationID.x;

    words_out[i] = words_in[i] * 3 + i;
}
