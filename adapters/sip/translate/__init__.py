"""Translates reports into domain events.

============  =======================================================================
translator    who is watched, and by whom what a report tells is taken
endpoint      what is known of one endpoint, by all that tell of it
calls         its dialogs: legs, or what stands for them
witnesses     whether it can be reached and wants to be
identity      which endpoint an address means
versions      which documents are news
outbox        where the events go
============  =======================================================================
"""

from adapters.sip.translate.translator import Translator, Watched
from adapters.sip.translate.versions import Judged, Versions

__all__ = ["Judged", "Translator", "Versions", "Watched"]
