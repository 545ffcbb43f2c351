"""How a domain of Xen ended, by what xl says: its status is always 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootmatrix import plugins
from bootmatrix.model import Ending, Outcome
from runners import xl

ROOT = Path(__file__).parents[2]
TOO_SMALL = "Failed to set paging mempool size to 4kB: Cannot allocate memory"
NO_MAPPING = "not enough memory for initial mapping (0x3ff > 0x100): Out of memory"
NO_ROOM = "segment kernel too large (0x14 > 0x100 - 0x100 pages): Out of memory"
NO_CONSOLE = "xenconsole: Could not open tty `/dev/pts/0': Permission denied\n"
KILLED = "xl was ended by SIGKILL"


def outcome(status: int | None, tender: str, console: str = "", signal: str = "", **options: object) -> Outcome:
    seen = Ending(status, signal, console=console, tender=tender, arch="x86_64")
    return plugins.make_runner("xen", options, ROOT / "docs").outcome(seen)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (0, "exited(unknown)"),
        (1, "crashed(reset)"),
        (3, "crashed(domain crash)"),
        (4, "crashed(watchdog)"),
        (5, "crashed(soft reset)"),
        (77, "crashed(reason code 77)"),
    ],
)
def test_xens_reason_tells(code: int, wanted: str) -> None:
    assert str(outcome(0, xl.ended(code))) == wanted


def test_only_a_pv_guest_must_ask_for_its_power_off() -> None:
    assert str(outcome(0, xl.ended(0), type="pv")) == "exited(0)"
    assert "halted its processors" in outcome(0, xl.ended(0)).evidence


def test_a_reboot_may_be_an_exit() -> None:
    assert str(outcome(0, xl.ended(1), on_reset="exited")) == "exited(0)"
    assert str(outcome(0, xl.ended(3), on_reset="exited")) == "crashed(domain crash)"


@pytest.mark.parametrize("code", [0, 1, 3])
def test_what_a_guest_prints_changes_nothing(code: int) -> None:
    lies = "".join(map(xl.ended, (0, 1, 3))) + xl.refused("Invalid domain type foo.")
    assert outcome(0, xl.ended(code), lies) == outcome(0, xl.ended(code))


@pytest.mark.parametrize("code", [0, 3])
def test_a_panic_is_one_however_the_domain_ends(code: int) -> None:
    console = "[    0.019219] Kernel panic - not syncing: no init\n"
    assert str(outcome(0, xl.ended(code), console)) == "panicked(Kernel panic - not syncing: no init)"
    assert str(outcome(None, xl.START, console)) == "panicked(Kernel panic - not syncing: no init)"
    assert outcome(0, xl.ended(code), console, panic=["never"]).kind != "panicked"


@pytest.mark.parametrize(
    ("status", "message", "wanted"),
    [
        (
            3,
            "xc: error: panic: xg_dom_core.c:205: failed to open file '/u': No such file or directory: Internal error",
            "failed to open file '/u': No such file or directory: Internal error",
        ),
        (
            3,
            "xc: error: panic: xg_dom_core.c:689: xc_dom_find_loader: no loader found: Invalid kernel",
            "no loader found: Invalid kernel",
        ),
        (
            3,
            "xc: error: panic: xg_dom_hvmloader.c:110: xc_dom_parse_hvm_kernel: ELF image is not 32bit: Invalid kernel",
            "ELF image is not 32bit: Invalid kernel",
        ),
        (
            3,
            "xc: error: panic: xg_dom_core.c:230: '/tmp/empty': zero length file: Internal error",
            "'/tmp/empty': zero length file: Internal error",
        ),
        (1, "Invalid domain type foo.", "Invalid domain type foo."),
        (1, 'Unknown on_crash action "foo" specified', 'Unknown on_crash action "foo" specified'),
        (
            3,
            f"libxl: error: libxl_dom.c:1470:libxl__domain_set_paging_mempool_size: Domain 6:{TOO_SMALL}",
            TOO_SMALL,
        ),
        (
            3,
            f"xc: error: panic: xg_dom_core.c:536: xc_dom_chk_alloc_pages: {NO_ROOM}",
            NO_ROOM,
        ),
        (
            3,
            f"xc: error: panic: xg_dom_x86.c:159: count_pgtables: {NO_MAPPING}",
            f"count_pgtables: {NO_MAPPING}",
        ),
        (
            1,
            "/bootmatrix/job/b1/domain.cfg:3: config parsing error near `x': lexical error",
            "domain.cfg:3: config parsing error near `x': lexical error",
        ),
        (
            3,
            "libxl: error: libxl_create.c:711:libxl__domain_make: domain creation fail: Invalid argument",
            "domain creation fail: Invalid argument",
        ),
    ],
)
def test_what_xl_refuses_is_rejected_in_its_words(status: int, message: str, wanted: str) -> None:
    assert str(outcome(status, xl.refused(message))) == f"rejected({wanted})"


@pytest.mark.parametrize(
    "message",
    [
        "xc: error: panic: xg_dom_boot.c:119: xc_dom_boot_mem_init: can't allocate low memory: Out of memory",
        "xencall: error: Could not obtain handle on privileged command interface: Permission denied",
        'libxl: error: libxl_domain.c:81:libxl__domain_rename: Domain 15:Domain with name "a" already exists.',
        "failed to free memory for the domain",
        "xl: error while loading shared libraries: libxlutil.so.4.17: cannot open shared object file",
    ],
)
def test_what_the_host_lacks_is_no_fault_of_the_test(message: str) -> None:
    assert outcome(3, xl.refused(message)).kind == "broken"


@pytest.mark.parametrize(
    ("status", "signal", "tender", "wanted"),
    [
        (None, "SIGKILL", xl.ended(0), KILLED),
        (None, "SIGKILL", xl.START, KILLED),
        (None, "SIGSEGV", "", "xl was ended by SIGSEGV"),
        (0, "", f"{xl.START}Domain 7 has been destroyed.\n", "the domain was destroyed from outside"),
        (0, "", xl.START, "xl ended before the domain did"),
        (0, "", NO_CONSOLE + xl.ended(0), "the domain's console could not be read"),
        (0, "", f"Got EOF from xenconsole notification fd\n{xl.ended(0)}", "the domain's console could not be read"),
        (1, "", xl.ended(0), "xl ended before the domain did"),
        (0, "", "", "xl started no domain, and says nothing: status 0"),
        (127, "", "", "xl started no domain, and says nothing: status 127"),
    ],
)
def test_what_ended_xl_is_no_end_of_the_guest(status: int | None, signal: str, tender: str, wanted: str) -> None:
    found = outcome(status, tender, "SUCCESS\n", signal)
    assert (found.kind, found.detail) == ("broken", wanted)
