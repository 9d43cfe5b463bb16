import Testing

@testable import Digest

@Suite struct SHA256Tests {
  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func `the examples of FIPS 180-4 give their digests`(message: String, digest: String) {
    #expect(SHA256.hex(Array(message.utf8)) == digest)
  }

  @Test func `a million letters in pieces of any size give the digest of the standard`() {
    for size in [1000, 63, 64, 65] {
      var hash = SHA256()
      var left = 1_000_000
      while left > 0 {
        hash.update([UInt8](repeating: UInt8(ascii: "a"), count: min(size, left)))
        left -= size
      }
      #expect(hash.finish() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
  }

  @Test(.enabled(if: SHA256.isSupported, "this processor has no instructions for SHA-256"))
  func `the processor's instructions and plain Swift give one digest for every length`() {
    var state: UInt64 = 5
    let message = (0..<1000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    for length in 0...message.count {
      var (fast, plain) = (SHA256(isAccelerated: true), SHA256(isAccelerated: false))
      fast.update(message[..<length])
      plain.update(message[..<length])
      #expect(fast.finish() == plain.finish(), "\(length) bytes")
    }
  }
}
