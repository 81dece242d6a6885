//! `README.txt` of a bundle.

/// The same text for every bundle.
pub const TEXT: &str = "\
SIGNED EXPORT OF AN AUDIT LOG

This folder proves what a Sealkeep key manager recorded. You can check it on a
computer that has none of our software and no network.


WHAT YOU NEED

The root certificate, evidence-root.pem, from the organisation that runs the
key manager, over a way that you trust: by hand, from its web site, from an
earlier export. The copy in certificates/ is for comparison only: whoever
forged a bundle would have put their own root there.


CHECK IT WITH TWO STOCK COMMANDS

Put evidence-root.pem into this folder, open a terminal here, and run

  openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \\
    -CAfile evidence-root.pem -no-CApath -no-CAstore -out /dev/null && sha256sum -c --strict SHA256SUMS

It is genuine if openssl says that the verification was successful and
sha256sum says OK for every file. The first command shows that the list of
digests was signed under that root; the second that every file is as it was
when the list was signed. A file that SHA256SUMS does not name is not part of
the export (evidence-root.pem and SHA256SUMS.p7s are not named in it).


CHECK EVERYTHING

  kmctl verify BUNDLE --root evidence-root.pem

BUNDLE is the zip or this folder. Beyond the above, this shows that the
checkpoint of the log is signed, that every event stands in that log at its
place, that none between the first and the last is missing, that their order
was not changed, and that the log before them was not rewritten.


WHAT IS IN HERE

  manifest.json     what was exported, by whom, for which purpose, when
  events.jsonl      the events, one line each, as they were hashed into the log
  checkpoint.txt    the signed state of the log that the proofs lead to
  proofs.json       the proofs (hashing as in RFC 9162)
  certificates/     of the signer of this export, of the log's key, and the root
  SHA256SUMS        the digest of each file above
  SHA256SUMS.p7s    the signature over SHA256SUMS

A person appears in an event only under a random handle, which is destroyed
together with the person's key. Events of other tenants of the same key
manager are withheld: proofs.json holds their hashes only, and manifest.json
says how many there are.
";
