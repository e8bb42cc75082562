"""What an MQTT session is opened with."""


class MqttSettings:
    """topics: (topic, QoS) pairs, exact ones, to be subscribed to in this order."""

    def __init__(
        self,
        client_id: bytes,
        keep_alive_s: int,
        topics: "tuple[tuple[bytes, int], ...]",
        will_topic: bytes = b"",
        will_payload: bytes = b"",
        username: bytes = b"",
        password: bytes = b"",
    ) -> None:
        """keep_alive_s: 10 to 65,535. The will is sent with QoS 1 and retained."""
        self.client_id = client_id
        self.keep_alive_s = keep_alive_s
        self.topics = topics
        self.will_topic = will_topic
        self.will_payload = will_payload
        self.username = username
        self.password = password
