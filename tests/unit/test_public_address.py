"""Where webhooks may go: https, port 443, and hosts all of whose addresses are public."""

import pytest

from sms.public_address import BadAddress, Fault, Gate, Target, is_public


def gate(*addresses: str) -> Gate:
    return Gate(resolve=lambda _host, _port: list(addresses))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.158.134.3", "2a00:1450:4010:c05::8a", "64:ff9b::808:808"])
def test_the_world_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
        *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::7f00:1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "100::1"),
        *("2001:db8::1", "3fff::1", "2001:0:7f00:1::", "2001:10::1", "2002:7f00:1::", "2002:808:808::"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1"),
        *("5f00::1", "4000::1", "", "shop.ru"),
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://shop.ru/hook", Fault.NOT_HTTPS),
        ("ftp://shop.ru/hook", Fault.NOT_HTTPS),
        ("shop.ru/hook", Fault.UNREADABLE),
        ("", Fault.UNREADABLE),
        ("https://", Fault.UNREADABLE),
        ("https:///hook", Fault.UNREADABLE),
        ("https://shop.ru:22/hook", Fault.BAD_PORT),
        ("https://shop.ru:0/hook", Fault.BAD_PORT),
        ("https://shop.ru:8443/hook", Fault.BAD_PORT),
        ("https://shop.ru:99999/hook", Fault.UNREADABLE),
        ("https://shop.ru:ssh/hook", Fault.UNREADABLE),
        ("https://vera:secret@shop.ru/hook", Fault.HAS_USER),
        ("https://@shop.ru/hook", Fault.HAS_USER),
        ("https://shop.ru\\@evil.ru/", Fault.UNREADABLE),
        ("https://shop.ru/a b", Fault.UNREADABLE),
        ("https://shop.ru/a\r\nHost: evil.ru", Fault.UNREADABLE),
        ("\thttps://shop.ru/", Fault.UNREADABLE),
        ("https://[fe80::1%25eth0]/", Fault.UNREADABLE),
        ("https://[::1/", Fault.UNREADABLE),
        (f"https://{'ы' * 70}.рф/", Fault.UNREADABLE),
        ("https://shop.ru/" + "a" * 500, Fault.TOO_LONG),
    ],
)
def test_an_address_of_another_kind_is_turned_away(url: str, fault: Fault) -> None:
    with pytest.raises(BadAddress) as turned_away:
        gate("8.8.8.8").read(url)
    assert turned_away.value.fault is fault


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://shop.ru", Target("shop.ru", 443, "/")),
        ("https://SHOP.ru:443/hook?key=1#top", Target("shop.ru", 443, "/hook?key=1")),
        (
            "https://тёплый-дом.рф/ы",
            Target("xn----htbnhilcx7ftc.xn--p1ai", 443, "/%D1%8B"),
        ),
        ("https://[2a00:1450::8a]/", Target("2a00:1450::8a", 443, "/")),
    ],
)
def test_a_good_one_is_taken_apart(url: str, target: Target) -> None:
    assert gate().read(url) == target


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (["10.0.0.7"], Fault.NOT_PUBLIC),
        (["8.8.8.8", "10.0.0.7"], Fault.NOT_PUBLIC),
        (["2a00:1450::8a", "::1"], Fault.NOT_PUBLIC),
        ([], Fault.UNKNOWN_HOST),
    ],
)
def test_one_address_of_the_inside_closes_the_gate(found: list[str], fault: Fault) -> None:
    with pytest.raises(BadAddress) as turned_away:
        gate(*found).resolve(Target("shop.ru", 443, "/"))
    assert turned_away.value.fault is fault


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "0", "localhost."])
def test_a_number_in_disguise_is_still_this_machine(host: str) -> None:
    """Asked of the system itself, which knows all these spellings."""
    with pytest.raises(BadAddress) as turned_away:
        Gate().resolve(Gate().read(f"https://{host}/"))
    assert turned_away.value.fault in (Fault.NOT_PUBLIC, Fault.UNKNOWN_HOST)
