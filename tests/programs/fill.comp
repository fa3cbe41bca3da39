// SPDX-License-Identifier: MIT
// values[i] = hash(i ^ seed) + constant; counters: how many invocations, their largest id, the sum
// of all ids (each workgroup adds its own sum, made in shared memory).
#version 450

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint constant = 0;

layout(set = 0, binding = 0, std430) buffer Values {
    uint values[];
};

layout(set = 0, binding = 1, std430) buffer Counters {
    uint invocations;
    uint largest_id;
    uint id_sum;
};

layout(push_constant) uniform Push {
    uint seed;
};

shared uint partial[64];

void main()
{
    uint id = gl_GlobalInvocationID.x;
    uint x = (id ^ seed) * 2654435761u;

    x ^= x >> 15;
    values[id] = x * 2246822519u + constant;
    atomicAdd(invocations, 1u);
    atomicMax(largest_id, id);

    partial[gl_LocalInvocationIndex] = id;
    barrier();
    for (uint step = 32; step > 0; step /= 2) {
        if (gl_LocalInvocationIndex < step)
            partial[gl_LocalInvocationIndex] += partial[gl_LocalInvocationIndex + step];
        barrier();
    }
    if (gl_LocalInvocationIndex == 0)
        atomicAdd(id_sum, partial[0]);
}
