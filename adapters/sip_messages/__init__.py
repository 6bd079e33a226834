"""SIP's syntax, for the adapters that speak or read it; nothing here does I/O or looks at a clock.

============  ===============================================================================================
message       bytes -> Request or Response, checked (lines: the bytes as such; address, uri, lexing: the values)
building      requests and responses -> bytes
framing       a TCP stream -> whole messages
digest        challenges, answers to them, and the server's side of both
sdp           is a stream sent, received, both or neither: hold
multipart     the parts of a multipart body
============  ===============================================================================================

Of the library ``sipmessage`` this package takes what it does well: the grammar's sets of characters, the table of compact header
names, and challenges as text. It doesn't parse with it, for the library (0.7.1)

* refuses hosts like ``pbx1`` and ``my_pbx``, ``SIP:`` in capitals, URIs with headers and all schemes but sip, sips and tel, folded
  headers, blanks before the colon, and any byte that is not UTF-8: six of the valid messages of RFC 4475;
* takes ``"A" <sip:a@x>, "B" <sip:b@x>`` for one address, and can't read ``qop="auth,auth-int"``;
* raises TypeError for a parameter named ``self``, and takes exponential time for some unclosed quotes.

The tests compare the two wherever the library can read something (``test_library.py``).
"""
