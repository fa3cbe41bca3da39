// SPDX-License-Identifier: MIT
#version 450
// The picture of pixel.c, pixel by pixel. `order` says which channel of the picture (red, green,
// blue, alpha) goes where in the format, for screens that know orders which Vulkan does not.

layout(push_constant) uniform Push { ivec4 order; ivec2 size; float alpha; };
layout(location = 0) out vec4 out_color;

void main()
{
    const ivec2 place = ivec2(gl_FragCoord.xy);
    const int bar = 7 - place.x * 8 / size.x;
    const int stripe = (place.y * 8 / size.y) - 4;
    const float shade = float(place.x) / float(size.x - 1);
    vec4 color = vec4(shade, shade, shade, alpha);

    if (stripe < 0)
        color.rgb = vec3(bar >> 1 & 1, bar >> 2 & 1, bar & 1);
    else if (stripe < 3)
        color.rgb *= vec3(stripe == 0, stripe == 1, stripe == 2);
    out_color = vec4(color[order.x], color[order.y], color[order.z], color[order.w]);
}
