"""Functions of IP networks."""

from __future__ import annotations

from rolecall.frontends.terraform.conversion import MAX_ITEMS, Refused
from rolecall.frontends.terraform.functions.call import Call, Function, pure
from rolecall.frontends.values import Value


def _cidrhost(prefix: str, number: int) -> str:
    import ipaddress

    network = ipaddress.ip_network(prefix, strict=False)
    if not -network.num_addresses <= number < network.num_addresses:
        raise Refused("the network has no such host")
    return str(network[number])


def _cidrnetmask(prefix: str) -> str:
    import ipaddress

    network = ipaddress.ip_network(prefix, strict=False)
    if network.version != 4:
        raise Refused("only IPv4 networks have a netmask")
    return str(network.netmask)


def _cidrsubnet(prefix: str, bits: int, number: int) -> str:
    import ipaddress

    network = ipaddress.ip_network(prefix, strict=False)
    length = network.prefixlen + bits
    if bits < 0 or length > network.max_prefixlen or not 0 <= number < 1 << bits:
        raise Refused("the network has no such subnet")
    address = int(network.network_address) + (number << (network.max_prefixlen - length))
    return f"{network.network_address.__class__(address)}/{length}"


def _cidrsubnets(call: Call) -> Value:
    import ipaddress

    if not 1 <= len(call.arguments) <= MAX_ITEMS:
        raise Refused("a network is required")
    network = ipaddress.ip_network(call.string(0), strict=False)
    free = int(network.network_address)
    end = free + network.num_addresses
    found: list[str] = []
    for at in range(1, len(call.arguments)):
        bits = call.integer(at)
        length = network.prefixlen + bits
        if bits < 1 or length > network.max_prefixlen:
            raise Refused("the network has no such subnet")
        size = 1 << (network.max_prefixlen - length)
        start = -(-free // size) * size
        if start + size > end:
            raise Refused("the network is too small")
        found.append(f"{network.network_address.__class__(start)}/{length}")
        free = start + size
    return call.result(found)


TABLE: dict[str, Function] = {
    "cidrhost": pure(_cidrhost, "si"),
    "cidrnetmask": pure(_cidrnetmask, "s"),
    "cidrsubnet": pure(_cidrsubnet, "sii"),
    "cidrsubnets": _cidrsubnets,
}
