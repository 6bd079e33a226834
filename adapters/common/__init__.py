"""What adapters share that is no protocol. It imports nothing of ours but the contract.

============  ===============================================================================================
problems      a source's options that can't be worked with
options       the parts of which options are made
secrets       a secret from the options or from a file, read anew
tls           how certificates are judged and shown
sockets       bound ones, with the system's own words for what went wrong
streams       TCP and TLS connections, and why there is none
texts         what others wrote, made fit to be shown
backoff       how long to wait before the next one
places        addresses and ports, as text and as they are compared
============  ===============================================================================================
"""
