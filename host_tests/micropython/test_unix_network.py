"""The network of the simulated board: addresses as connect() takes them, and no name is ever looked up."""

import socket

from latchkey.chip.unix.network import Network


def test_an_address_is_a_sockaddr_in():
    address = Network().sockaddr(b"\x7f\x00\x00\x01", 0x1234)
    family, host, port = socket.sockaddr(address)
    assert family == socket.AF_INET and host == b"\x7f\x00\x00\x01" and port == 0x1234


def test_a_simulated_name_server_listens_where_it_may():
    network = Network()
    assert socket.sockaddr(network.sockaddr(bytes(4), 53))[2] == 53
    network.name_server_port = 5353
    assert socket.sockaddr(network.sockaddr(bytes(4), 53))[2] == 5353
    assert socket.sockaddr(network.sockaddr(bytes(4), 8883))[2] == 8883


def test_name_servers_are_addresses():
    assert all([len(server) == 4 for server in Network().name_servers()])


def test_it_is_up_until_a_wi_fi_that_is_out_of_reach_is_played():
    network = Network()
    assert network.is_up()
    network.up = False
    assert not network.is_up()
