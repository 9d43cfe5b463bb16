import Policy
import Testing

@testable import Artifacts

@Suite struct ManifestLinesTests {
  private let digest = String(repeating: "0123456789abcdef", count: 4)

  private func entry(
    ssh: String = "root@a-1", transport: [String]? = nil, addresses: [String] = ["10.0.0.1", "2001:db8::1"],
    virtual: [String] = [], groups: [String] = [], zone: String? = nil, inventory: String = "i",
    _ modes: Modes = Modes(.enforce), digest: String? = nil
  ) -> Manifest.Entry {
    Manifest.Entry(
      digest: digest ?? self.digest, modes: modes, ssh: ssh, transport: transport, addresses: addresses,
      virtual: virtual, groups: groups, zone: zone, inventory: inventory)
  }

  /// Hosts that share what stands in the line before, and hosts that do not.
  private var hosts: [String: Manifest.Entry] {
    let other = String(repeating: "01234567ffffffff", count: 4)
    let observing = Modes(ingress: .observe, egress: .leave, forward: .enforce)
    return [
      "a-1": entry(groups: ["a", "b"], zone: "z"),
      "a-2": entry(ssh: "a-2", groups: ["a", "b"], zone: "z"),
      "a-3": entry(groups: ["a"], zone: "y", observing, digest: other),
      "a-4": entry(addresses: [], virtual: ["10.0.0.9"], zone: "y", observing),
      "a-5": entry(virtual: ["10.0.0.9", "2001:db8::9"], groups: ["a"], digest: other),
    ]
  }

  private func read(_ bytes: [UInt8]) -> Manifest? { try? Manifest(reading: bytes) }

  @Test func `what is written is read from its lines`() {
    for hosts in [hosts, [:], ["a": entry()]] {
      #expect(ManifestLines.read(Manifest(hosts: hosts).encoded()) == hosts)
    }
  }

  @Test func `hosts of several inventories are read from their lines`() {
    var hosts = hosts
    hosts["b"] = entry(inventory: "j")
    #expect(ManifestLines.read(Manifest(hosts: hosts).encoded()) == hosts)
  }

  @Test func `what has no line of its own is left to the reader of JSON`() throws {
    let led = ["a-1": entry(transport: ["ssh", "root@a-1"])]
    for manifest in [Manifest(hosts: led), Manifest(hosts: hosts, notCompiled: ["c"])] {
      let bytes = manifest.encoded()
      #expect(ManifestLines.read(bytes) == nil)
      #expect(read(bytes) == manifest)
      #expect(try Manifest(decoding: bytes, path: "m") == manifest)
    }
  }

  @Test func `a host that stands twice is refused`() {
    let text = String(decoding: Manifest(hosts: ["a-1": entry()]).encoded(), as: UTF8.self)
    let line = text.split(separator: "\n")[2]
    let twice = Array(text.replacing(line, with: "\(line),\n\(line)").utf8)
    #expect(ManifestLines.read(twice) == nil)
    #expect(throws: OutputFailure.self) { try Manifest(decoding: twice, path: "m") }
  }

  @Test func `no damage is read from lines as anything but what JSON says`() {
    let whole = Manifest(hosts: hosts).encoded()
    var different = 0
    for place in whole.indices {
      for byte in Array("\"\\,:-.aF0] \n{}".utf8) + [0, 0x7f, 0xc3] where whole[place] != byte {
        var bytes = whole
        bytes[place] = byte
        guard let hosts = ManifestLines.read(bytes) else { continue }
        different += 1
        #expect(read(bytes) == Manifest(hosts: hosts), "byte \(place) is \(byte)")
      }
    }
    // Other names, addresses and digests: of those there are many.
    #expect(different > 1000)
    for length in whole.indices { #expect(ManifestLines.read(Array(whole.prefix(length))) == nil) }
    #expect(ManifestLines.read(whole + [0x20]) == nil)
  }
}
