"""A node's own configuration as it goes to workers, in bytes."""

import msgspec

from edgescript.cli.node.bundle import own_bundle


def pack(config, node_id=""):
    """The bundle, None where a script has an error; and the findings of every script."""
    bundle, reports = own_bundle(config, (), node_id)
    return None if bundle is None else msgspec.msgpack.encode(bundle), reports
