# SPDX-License-Identifier: MIT
"""The demos on the real Mesa clients through `hesper exec`: what they check of themselves."""

from vtest.client import check_same_picture, demo, for_each_client, run


@for_each_client
def test_minimal(test, client):
    run(test, demo("minimal"), client)


@for_each_client
def test_triangle_equals_native(test, client):
    native, through = test.path("native.raw"), test.path("through.raw")
    draw = ["--present=offscreen", "--frames=5", "--size=480x300"]
    test.run(demo("triangle", *draw, f"--output={native}"))
    run(test, demo("triangle", *draw, f"--output={through}"), client)
    check_same_picture(native, through)


@for_each_client
def test_memory_map(test, client):
    run(test, demo("memory-map"), client)


@for_each_client
def test_multi_context(test, client):
    run(test, demo("multi-context"), client)


@for_each_client
def test_rapid_resize(test, client):
    run(test, demo("rapid-resize"), client)


@for_each_client
def test_formats(test, client):
    run(test, demo("formats", "--present=offscreen"), client)


@for_each_client
def test_present_timing(test, client):
    run(test, demo("present-timing", "--present=offscreen", "--frames=200", "--size=480x300"), client)
