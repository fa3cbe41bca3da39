// SPDX-License-Identifier: MIT
// A lit face: a tile of nine rounded fields with dark joints.
#version 450

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 color;
layout(location = 3) in vec2 coordinate;

layout(location = 0) out vec4 out_color;

const vec3 eye = vec3(0.0, 0.0, 5.0);
const vec3 light = vec3(2.5, 3.5, 4.5);

// 1 inside a field, 0 in the joints, soft in between.
float field(vec2 at)
{
    vec2 cell = abs(fract((at * 0.5 + 0.5) * 3.0) - 0.5);
    float outside = length(max(cell - 0.32, 0.0)) - 0.12;
    float width = 1.5 * fwidth(at.x) + 1.5 * fwidth(at.y);

    return 1.0 - smoothstep(-width, width, outside);
}

float power64(float x)
{
    x *= x;
    x *= x;
    x *= x;
    x *= x;
    x *= x;
    return x * x;
}

void main()
{
    vec3 n = normalize(normal);
    vec3 to_light = normalize(light - position);
    vec3 to_eye = normalize(eye - position);
    float inside = field(coordinate);
    vec3 albedo = mix(vec3(0.015, 0.017, 0.03), color, inside);
    float diffuse = max(dot(n, to_light), 0.0);
    float gloss = max(dot(n, normalize(to_light + to_eye)), 0.0);
    vec3 lit = albedo * (0.10 + 1.05 * diffuse) + vec3(0.55) * power64(gloss) * (0.15 + inside);

    out_color = vec4(sqrt(min(lit, 1.0)), 1.0); // a gamma of 2: near enough, and cheap
}
