// SPDX-License-Identifier: MIT
// An evening sky: one triangle that covers the screen, its colours interpolated, which costs nearly
// nothing per pixel.
#version 450

layout(location = 0) out vec3 out_color;

const vec3 top = vec3(0.09, 0.12, 0.24), bottom = vec3(0.38, 0.25, 0.32);

void main()
{
    vec2 corner = vec2((gl_VertexIndex << 1) & 2, gl_VertexIndex & 2);

    out_color = mix(top, bottom, corner.y); // beyond the screen this is beyond the two, too
    gl_Position = vec4(corner * 2.0 - 1.0, 1.0, 1.0);
}
