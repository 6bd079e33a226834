"""Reads the bodies of NOTIFY and PUBLISH.

=============  ==============================================================
reading        which body is read by whom; several in one
dialog_info    which dialogs an endpoint has (RFC 4235)
reginfo        where it is registered (RFC 3680)
pidf           whether it is there (RFC 3863, 4480)
feature_event  what the person decided (BroadWorks as-feature-event)
rlmi           who is in a list (RFC 4662)
xml, values    XML from strangers, bounded; single values of it
=============  ==============================================================
"""

from adapters.sip.bodies.errors import BadBody
from adapters.sip.bodies.reading import ACCEPT, read

__all__ = ["ACCEPT", "BadBody", "read"]
