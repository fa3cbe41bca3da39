// SPDX-License-Identifier: MIT
// A rectangle of one colour, six vertices.
#version 450

layout(push_constant) uniform Rect {
    vec4 corners; // left, top, right, bottom in clip space
    vec4 color;
    float depth;
};

layout(location = 0) out vec4 out_color;

void main()
{
    const int right[6] = int[](0, 1, 1, 0, 1, 0);
    const int bottom[6] = int[](0, 0, 1, 0, 1, 1);

    gl_Position = vec4(corners[2 * right[gl_VertexIndex]], corners[2 * bottom[gl_VertexIndex] + 1],
                       depth, 1.0);
    out_color = color;
}
