// SPDX-License-Identifier: MIT
#version 450
// Reads behind the end of a buffer, which robustBufferAccess allows, and counts other programs'
// marks there.

layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer Own { uint words[]; };
layout(set = 0, binding = 1) buffer Found { uint counts[]; };
layout(push_constant) uniform Push { uint mark, mask, own, first, stride; };

void main()
{
    const uint word = words[first + gl_GlobalInvocationID.x * stride];

    if ((word & mask) == mark && word != own)
        atomicAdd(counts[0], 1);
}
