"""A capture in words: who sent what to whom, how often, and the last packets one by one.

What a guest sends is data that anybody may have written: each line is one line, whatever the packet holds.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bootmatrix.networks.packets import EPHEMERAL
from bootmatrix.quantities import how_many, human_size, the_last

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dpkt

    from bootmatrix.networks.packets import Packet, Packets

LAST = 20  # packets that are shown one by one
FLAGS = (("SYN", 2), ("FIN", 1), ("RST", 4), ("PSH", 8), ("ACK", 16))  # RFC 9293
ECHO = {0: "echo reply", 3: "unreachable", 5: "redirect", 8: "echo request", 11: "time exceeded"}  # RFC 792
ARP = {1: "who has", 2: "is at"}  # RFC 826


def of(packets: Packets) -> str:
    return "\n".join(_lines(packets)) + "\n"


def _lines(packets: Packets) -> Iterator[str]:
    missed = f"; {packets.missed:,} more came too fast to be kept" if packets.missed else ""
    yield f"{how_many(packets.total, 'packet')}{missed}"
    for each in packets.interfaces:
        guest, net = f"guest {each.address.ip} ({each.mac})", each.network
        yield f"{each.name}: {guest}, host {net.host.ip}, network {net.name}, MTU {each.mtu}"
    if packets.total:
        yield from _kinds(packets)
        yield from _last(packets)


def _kinds(packets: Packets) -> Iterator[str]:
    yield ""
    yield f"{'packets':>9} {'size':>10}  what"
    for flow in sorted(packets.flows.values(), key=lambda flow: -flow.packets):
        name = packets.interfaces[flow.first.interface].name
        yield f"{flow.packets:>9,} {human_size(flow.size):>10}  {name}: {_described(flow.first, short=True)}"
    if packets.others:
        yield f"{packets.others:>9,} {'':>10}  of other kinds"


def _last(packets: Packets) -> Iterator[str]:
    last = packets.kept[-LAST:]
    yield ""
    yield f"{the_last(len(last), 'packet')}:"
    for packet in last:
        moment = datetime.fromtimestamp(packet.time / 1e9, UTC).strftime("%H:%M:%S.%f")
        name = packets.interfaces[packet.interface].name
        yield f"{moment} {name}: {_described(packet, short=False)} ({packet.length} B)"


def _described(packet: Packet, *, short: bool) -> str:
    """Words for a packet: `short` are those that all of its kind share."""
    import dpkt  # noqa: PLC0415  # 80 ms, only where a capture is told

    try:
        frame = dpkt.ethernet.Ethernet(packet.data)
        return " ".join(filter(None, _frame(frame, short=short)))
    except (dpkt.Error, IndexError, ValueError, OSError):
        return "a packet that cannot be read"


def _frame(frame: dpkt.ethernet.Ethernet, *, short: bool) -> Iterator[str]:
    import dpkt  # noqa: PLC0415

    inner = frame.data
    if isinstance(inner, dpkt.arp.ARP):
        asker, asked = socket.inet_ntoa(inner.spa), socket.inet_ntoa(inner.tpa)
        yield f"ARP {asker} {ARP.get(inner.op, f'operation {inner.op}')}"
        yield "" if short else (asked if inner.op == 1 else inner.sha.hex(":"))
    elif isinstance(inner, dpkt.ip.IP):
        yield from _ip(inner, short=short)
    else:
        yield f"{frame.src.hex(':')} > {frame.dst.hex(':')}, type 0x{frame.type:04x}"


def _ip(packet: dpkt.ip.IP, *, short: bool) -> Iterator[str]:
    import dpkt  # noqa: PLC0415

    source, target, inner = socket.inet_ntoa(packet.src), socket.inet_ntoa(packet.dst), packet.data
    if isinstance(inner, dpkt.tcp.TCP | dpkt.udp.UDP):
        kind = "TCP" if isinstance(inner, dpkt.tcp.TCP) else "UDP"
        ends = [(source, inner.sport), (target, inner.dport)]
        yield f"{kind} " + " > ".join(f"{who}:{'*' if short and port >= EPHEMERAL else port}" for who, port in ends)
        if isinstance(inner, dpkt.tcp.TCP) and not short:
            flags = [name for name, bit in FLAGS if inner.flags & bit]
            yield f"{'+'.join(flags)} seq {inner.seq} ack {inner.ack} window {inner.win}"
        yield "" if short else f"with {packet.len - 4 * packet.hl - 4 * getattr(inner, 'off', 2)} B of data"
    elif isinstance(inner, dpkt.icmp.ICMP):
        yield f"ICMP {source} > {target} {ECHO.get(inner.type, f'type {inner.type}')}"
        if isinstance(inner.data, dpkt.icmp.ICMP.Echo) and not short:
            yield f"id {inner.data.id} seq {inner.data.seq}"
    else:
        yield f"IP protocol {packet.p} {source} > {target}"
