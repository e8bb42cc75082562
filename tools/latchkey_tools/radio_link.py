"""The air between virtual controllers: Bumble's, with what its 0.0.236 leaves out put in.

- A connection over a public address (as the ESP32 has one) works: Bumble finds a sender by its random address only.
- Scan responses carry their own data, are sent for active scans only, and advertising that takes no connections is
  heard at all: Bumble repeats the advertisement as the response, and stays silent.
- Whoever connects to a radio that has just stopped advertising is told so (0x3E, as over a real air, where it would
  see it after six intervals); Bumble leaves it believing in its connection.
- Of several who want the same connection chance decides; Bumble lets the same one win each time.
- Whoever gives up an attempt to connect hears of its end (0x02); Bumble goes on trying.
- Whoever hangs up on somebody who has just left the air is told that the connection has ended; Bumble stays silent.
- The controllers know no extended advertising, as the first ESP32 does not; hosts then use the older commands.

Not simulated: distance, interference, connection intervals, scan windows. Everybody hears everything at once.
"""

import asyncio
import random
from dataclasses import dataclass

from bumble import controller, core, hci, link, ll

_INTERVAL_UNIT_S = 0.000_625
_ACTIVE_SCAN = 1
_ESTABLISHMENT_FAILED = hci.HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR
_TYPES = hci.HCI_LE_Set_Advertising_Parameters_Command.AdvertisingType
_REPORTS = hci.HCI_LE_Advertising_Report_Event.EventType


class Ether(link.LocalLink):
    """Carries data between the addresses of a connection, whatever other addresses the controllers have."""

    def send_acl_data(
        self,
        sender_controller: controller.Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is not None and receiver is not None:
            asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def send_advertising_pdu(self, sender_controller: controller.Controller, packet: ll.AdvertisingPdu) -> None:
        """In any order: whoever hears it first is the one who may connect."""
        for hearer in random.sample(list(self.controllers), len(self.controllers)):
            if hearer is not sender_controller:
                asyncio.get_running_loop().call_soon(hearer.on_ll_advertising_pdu, packet)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Whoever has left hears nothing; Bumble raises, and a host that hangs up then would wait for ever."""
        if self.find_le_controller(receiver_address) is not None:
            super().send_ll_control_pdu(sender_address, receiver_address, packet)


@dataclass
class Announcement(ll.AdvInd):
    """An advertisement with the scan response that belongs to it."""

    connectable: bool = True
    response: bytes = b""


class Advertiser(controller.LegacyAdvertiser):
    """Sends announcements at the interval asked for."""

    def _on_timer_fired(self) -> None:
        self.send_advertising_data()
        self.timer_handle = asyncio.get_running_loop().call_later(
            self.advertising_interval_min * _INTERVAL_UNIT_S, self._on_timer_fired
        )

    def send_advertising_data(self) -> None:
        if self.enabled:
            self.controller.send_advertising_pdu(
                Announcement(
                    self.address,
                    self.advertising_data,
                    self.advertising_type == _TYPES.ADV_IND,
                    self.scan_response_data,
                )
            )


class VirtualController(controller.Controller):
    """A controller on an Ether. failures: how many of the next connections to it fail to be established."""

    le_features = controller.Controller.le_features & ~(
        hci.LeFeatureMask.LE_EXTENDED_ADVERTISING | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
    )

    def __init__(self, name: str, ether: Ether, address: str) -> None:
        """address: its public one, six hexadecimal bytes with colons."""
        super().__init__(name, link=ether, public_address=address)
        self.le_legacy_advertiser = Advertiser(self)
        self.failures = 0

    def leave(self) -> None:
        """Switched off or carried away: its connections end, and nobody hears it any more."""
        self.le_legacy_advertiser.stop()
        for connection in list(self.le_connections.values()):
            self._end(connection.self_address, connection.peer_address, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        self.le_connections.clear()
        self.link.controllers.discard(self)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        if not isinstance(pdu, Announcement):
            return
        if self.le_scan_enable:
            self._report(_REPORTS.ADV_IND if pdu.connectable else _REPORTS.ADV_SCAN_IND, pdu, pdu.data)
            if self.le_scan_type == _ACTIVE_SCAN:
                self._report(_REPORTS.SCAN_RSP, pdu, pdu.response)
        wanted = self.pending_le_connection
        if wanted is not None and pdu.connectable and wanted.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def on_le_connect_ind(self, packet: ll.ConnectInd) -> None:
        if packet.advertiser_address not in (self.public_address, self.random_address):
            return
        advertiser = self.le_legacy_advertiser
        if self.failures and advertiser.enabled:
            self.failures -= 1
            advertiser.stop()
            self._tell_of_failure(_ESTABLISHMENT_FAILED, hci.Role.PERIPHERAL, packet.initiator_address)
        elif advertiser.enabled and advertiser.address == packet.advertiser_address:
            super().on_le_connect_ind(packet)
            return
        self._end(packet.advertiser_address, packet.initiator_address, _ESTABLISHMENT_FAILED)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        wanted, self.pending_le_connection = self.pending_le_connection, None
        if wanted is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        asyncio.get_running_loop().call_soon(
            self._tell_of_failure,
            hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            hci.Role.CENTRAL,
            wanted.peer_address,
        )
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def _tell_of_failure(self, status: int, role: hci.Role, peer: hci.Address) -> None:
        self.send_hci_packet(
            hci.HCI_LE_Connection_Complete_Event(
                status=status,
                connection_handle=0,
                role=role,
                peer_address_type=peer.address_type,
                peer_address=peer,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
        )

    def _end(self, sender: hci.Address, receiver: hci.Address, reason: int) -> None:
        self.link.send_ll_control_pdu(sender, receiver, ll.TerminateInd(reason))

    def _report(self, event_type: int, pdu: Announcement, data: bytes) -> None:
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=event_type,
            address_type=pdu.advertiser_address.address_type,
            address=pdu.advertiser_address,
            data=data,
            rssi=-50,
        )
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))
