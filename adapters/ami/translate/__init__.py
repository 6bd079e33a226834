"""Translates AMI messages into domain events.

=============  ==============================================================================
translator     the table: which event is handled by whom
members        who is in which queue, paused or not
devices        what stands for a member, how it is, hints, "do not disturb"
callers        who waits, and why they left
agents         who is offered, answers and completes a caller's call
channels       the legs of calls
snapshot       the PBX's own lists (settings_file: queues.conf)
fields, names  single values, and what names say
outbox         where the events go
=============  ==============================================================================
"""

from adapters.ami.translate.translator import INTERESTING, SIEVE, Translator

__all__ = ["INTERESTING", "SIEVE", "Translator"]
