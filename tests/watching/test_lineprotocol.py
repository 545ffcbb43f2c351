"""Numbers of line protocol: as guests write it, and of what anybody writes at most nonsense, in little time."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, strategies as st

from bootmatrix.watching.lineprotocol import LONGEST, numbers

MIRAGE = r"memory, memory\ heap\ words=262144i,memory\ live\ words=1001i"
ALBATROSS = "resource_usage,vm=:hello utime=1.000123,stime=0.5,maxrss=17500i"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (MIRAGE, {"memory.memory heap words": 262144, "memory.memory live words": 1001}),
        (r"gc,vm=hello minor\ words=1.5e6,compacted=true", {"gc.minor words": 1.5e6}),
        (
            ALBATROSS,
            {f"resource_usage.{name}": n for name, n in (("utime", 1.000123), ("stime", 0.5), ("maxrss", 17500))},
        ),
        ("kinfo_mem,vm=hello rss=4096i,uptime=2.500000", {"kinfo_mem.rss": 4096, "kinfo_mem.uptime": 2.5}),
        (r"vmm,vm=hello vcpu\ exits=3i,a\,b\=c=4i", {"vmm.vcpu exits": 3, "vmm.a,b=c": 4}),
        ("interface,vm=hello,bridge=service mtu=1500i", {"interface{bridge=service}.mtu": 1500}),
        ("cpu,host=a,hostname=b,vm=c busy=1", {"cpu.busy": 1}),
        ("weather,location=us temperature=82 1465839830100400200", {"weather{location=us}.temperature": 82}),
        ('a,b=c\\ d,a=x\\,y s="1,2 x=3",t=4u', {"a{a=x,y,b=c d}.t": 4}),
        ("a b=-1,c=+2.,d=3e-2,e=t", {"a.b": -1, "a.c": 2, "a.d": 0.03}),
        ("a b=nan,c=1e999,d=1", {"a.d": 1}),
        *(
            (line, {})
            for line in ("", "a", "a b", "a b=", "a b=c", "=1", "a b=1x", "GET / HTTP/1.1", 'a b="no', "# a b=1")
        ),
    ],
)
def test_what_a_line_has(line: str, found: dict[str, float]) -> None:
    assert dict(numbers(line)) == found


@given(st.text() | st.text(st.sampled_from('ab\\,= "1.e+-iu')))
def test_nothing_else_comes_of_any_text(line: str) -> None:
    for name, value in numbers(line):
        assert math.isfinite(value)
        assert name.isprintable()
        assert len(name) <= LONGEST


@pytest.mark.parametrize("part", ["a", "\\", "\\,", ",", ",a=b", "=", " ", '"', 'a="', "a=1,", "1", "é"])
def test_a_long_line_takes_little_time(part: str) -> None:
    began = time.process_time()
    for line in (part * 16_000, f"a {part * 16_000}", f"a,b={part * 16_000} c=1", f'a b="{part * 16_000}'):
        list(numbers(line))
    assert time.process_time() - began < 5.0
