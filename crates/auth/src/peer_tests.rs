//! Certificates made with OpenSSL: P-256, digital signature, ten years from November 2026.

use super::*;

fn judged(pem: &str) -> Result<Peer, AuthError> {
    peer(&km_x509::pem::certificates(pem).unwrap())
}

#[test]
fn the_uri_name_is_the_service() {
    let peer = judged(REGISTRY).unwrap();
    assert_eq!(peer.identity.uri(), "spiffe://sealkeep/demo/registry/registry-1");
    assert!(peer.is_current(peer.not_after));
    assert!(!peer.is_current(peer.not_after.plus(std::time::Duration::from_secs(1))));
}

#[test]
fn other_certificates_name_nobody() {
    for pem in [SERVER_ONLY, TWO_NAMES, FOREIGN_DOMAIN, NO_NAME] {
        assert!(matches!(judged(pem), Err(AuthError::Refused(_))));
    }
    assert_eq!(peer::<Vec<u8>>(&[]), Err(AuthError::Missing));
    assert_eq!(peer(&[vec![0x30, 0]]), Err(AuthError::Malformed));
}

/// URI spiffe://sealkeep/demo/registry/registry-1, client authentication.
const REGISTRY: &str = "\
-----BEGIN CERTIFICATE-----
MIIB1zCCAXygAwIBAgIUBUUvoGIKCBk44DRu5uKP74FxVuowCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIcmVnaXN0cnkwHhcNMjYxMTIyMDUzNjU2WhcNMzYxMTE5MDUz
NjU2WjATMREwDwYDVQQDDAhyZWdpc3RyeTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABCLxX+zbYcx6k94bA/nFDNY8QR0ZKBKp8Sd5Kfkn2O9H6MNGGb1fc16xJdOp
8pcA4u0sKIdGUbaNu6ptUAPikMmjga0wgaowHQYDVR0OBBYEFHM5JF75qvw9seYb
0Ylw4ObY5kirMB8GA1UdIwQYMBaAFHM5JF75qvw9seYb0Ylw4ObY5kirMDUGA1Ud
EQQuMCyGKnNwaWZmZTovL3NlYWxrZWVwL2RlbW8vcmVnaXN0cnkvcmVnaXN0cnkt
MTATBgNVHSUEDDAKBggrBgEFBQcDAjAOBgNVHQ8BAf8EBAMCB4AwDAYDVR0TAQH/
BAIwADAKBggqhkjOPQQDAgNJADBGAiEAtGMPlOzHpnzRct0zVF67DT2lBpMXYMrR
PNBYyKe9kR8CIQCooauBFd+eZ5EekPm+BUtauZn+pYgCqqOkaj82CJwnlQ==
-----END CERTIFICATE-----
";

/// Server authentication only.
const SERVER_ONLY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBzjCCAXSgAwIBAgIUZCCzbBeFTEGNQ0KTKrBPWMlwtPEwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGc2VydmVyMB4XDTI2MTEyMjA1MzY1NloXDTM2MTExOTA1MzY1
NlowETEPMA0GA1UEAwwGc2VydmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
IvFf7NthzHqT3hsD+cUM1jxBHRkoEqnxJ3kp+SfY70fow0YZvV9zXrEl06nylwDi
7Swoh0ZRto27qm1QA+KQyaOBqTCBpjAdBgNVHQ4EFgQUczkkXvmq/D2x5hvRiXDg
5tjmSKswHwYDVR0jBBgwFoAUczkkXvmq/D2x5hvRiXDg5tjmSKswMQYDVR0RBCow
KIYmc3BpZmZlOi8vc2VhbGtlZXAvZGVtby9rZXltYW5hZ2VyL2ttLTEwEwYDVR0l
BAwwCgYIKwYBBQUHAwEwDgYDVR0PAQH/BAQDAgeAMAwGA1UdEwEB/wQCMAAwCgYI
KoZIzj0EAwIDSAAwRQIgQSQ9Xxq/KdzMG1F/obtpoCQ0NCSA2s/8PJVxcTgbfTIC
IQDthnNjJNHOIbTLhaPOP7OB8pjvrw8TrgzKfBJbP99sRA==
-----END CERTIFICATE-----
";

/// Two URI names.
const TWO_NAMES: &str = "\
-----BEGIN CERTIFICATE-----
MIIB5TCCAYugAwIBAgIUZGIeAfyuaMGR28tle4SMSTi6zm8wCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDdHdvMB4XDTI2MTEyMjA1MzY1NloXDTM2MTExOTA1MzY1Nlow
DjEMMAoGA1UEAwwDdHdvMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIvFf7Nth
zHqT3hsD+cUM1jxBHRkoEqnxJ3kp+SfY70fow0YZvV9zXrEl06nylwDi7Swoh0ZR
to27qm1QA+KQyaOBxjCBwzAdBgNVHQ4EFgQUczkkXvmq/D2x5hvRiXDg5tjmSKsw
HwYDVR0jBBgwFoAUczkkXvmq/D2x5hvRiXDg5tjmSKswTgYDVR0RBEcwRYYhc3Bp
ZmZlOi8vc2VhbGtlZXAvZGVtby9yZWdpc3RyeS9hhiBzcGlmZmU6Ly9zZWFsa2Vl
cC9kZW1vL29mZmljZXIvYjATBgNVHSUEDDAKBggrBgEFBQcDAjAOBgNVHQ8BAf8E
BAMCB4AwDAYDVR0TAQH/BAIwADAKBggqhkjOPQQDAgNIADBFAiBaGrCj55/AYqPd
BgQOkkopouVDubejsnoIDJj0SLECVQIhAO1ccMmvDmC1hFSchRawf1U7QqNulT9t
SlXeqJ4PAkU/
-----END CERTIFICATE-----
";

/// A URI name of another trust domain.
const FOREIGN_DOMAIN: &str = "\
-----BEGIN CERTIFICATE-----
MIIBxzCCAW6gAwIBAgIUY1XP61DS2R3Jh1U7Ujrg7Af2NUQwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZm9yZWlnbjAeFw0yNjExMjIwNTM2NTZaFw0zNjExMTkwNTM2
NTZaMBIxEDAOBgNVBAMMB2ZvcmVpZ24wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQi8V/s22HMepPeGwP5xQzWPEEdGSgSqfEneSn5J9jvR+jDRhm9X3NesSXTqfKX
AOLtLCiHRlG2jbuqbVAD4pDJo4GhMIGeMB0GA1UdDgQWBBRzOSRe+ar8PbHmG9GJ
cODm2OZIqzAfBgNVHSMEGDAWgBRzOSRe+ar8PbHmG9GJcODm2OZIqzApBgNVHREE
IjAghh5zcGlmZmU6Ly9vdGhlci9kZW1vL3JlZ2lzdHJ5L2EwEwYDVR0lBAwwCgYI
KwYBBQUHAwIwDgYDVR0PAQH/BAQDAgeAMAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0E
AwIDRwAwRAIgC9KsEf/fhA6dB50vYjWx/H0B9W6ZEIBsGYUrpx7aRLsCID+6qJIu
Q9JSatc5k/S4dJHy/UPRQHNtbjek4adyQss1
-----END CERTIFICATE-----
";

/// A DNS name only.
const NO_NAME: &str = "\
-----BEGIN CERTIFICATE-----
MIIBrjCCAVOgAwIBAgIUUSEmV658UkxP4v3V6dGQctt5ShUwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEbm9uZTAeFw0yNjExMjIwNTM2NTdaFw0zNjExMTkwNTM2NTda
MA8xDTALBgNVBAMMBG5vbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQi8V/s
22HMepPeGwP5xQzWPEEdGSgSqfEneSn5J9jvR+jDRhm9X3NesSXTqfKXAOLtLCiH
RlG2jbuqbVAD4pDJo4GMMIGJMB0GA1UdDgQWBBRzOSRe+ar8PbHmG9GJcODm2OZI
qzAfBgNVHSMEGDAWgBRzOSRe+ar8PbHmG9GJcODm2OZIqzAUBgNVHREEDTALggls
b2NhbGhvc3QwEwYDVR0lBAwwCgYIKwYBBQUHAwIwDgYDVR0PAQH/BAQDAgeAMAwG
A1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAIzJg0hcC+9xCe772+UJQ6Xx
G8EWB4GmGSnVaK74uHzVAiEAuZhnrulpkssto3w0VDQLaYTJAwwcMB53GKn1iPYP
cjw=
-----END CERTIFICATE-----
";
