import Addressing
import Diagnostics
import Inventory
import Policy
import Testing

/// Inputs that are made to cost: each is refused with a short report.
@Suite struct HostileInputTests {
  private func refuse(_ text: [UInt8], saying words: String) {
    let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: text)])
    #expect(loaded.policy == nil)
    let report = loaded.report.text(loaded.sources)
    #expect(report.contains(words), "\(report.prefix(2000))")
    #expect(report.utf8.count < 100_000)
  }

  private func refuse(_ text: String, saying words: String) { refuse(Array(text.utf8), saying: words) }

  @Test(arguments: [
    ("[", 10, "nested more than 32 deep"), ("{a: ", 10, "nested more than 32 deep"),
    ("- ", 10, "nested more than 32 deep"), ("? ", 10, "a mapping as a key"),
    ("x", 10, "is a mapping of keys to values"), ("\u{1b}[31m", 10, "the character U+001B is not allowed"),
    ("&a ", 10, "text before or after the document"), ("# [1..2]\n", 2, "does not say its version"),
    ("x[1..2]", 2, "is a mapping of keys to values"), ("a: b\n", 1, "the key `a` is written twice"),
    ("a: b\n", 10, "holds more than 4000000 values"),
  ])
  func `megabytes of one piece are refused in a page`(piece: String, megabytes: Int, words: String) {
    refuse(String(repeating: piece, count: (megabytes << 20) / piece.utf8.count), saying: words)
  }

  @Test func `ten megabytes of random bytes are refused in a page`() {
    var bytes = (0..<4096).map { _ in UInt8.random(in: 0x80...0xff) }
    while bytes.count < 10 << 20 { bytes += bytes }
    refuse(bytes, saying: "not UTF-8")
  }

  @Test func `a hundred thousand wrong hosts are counted and not listed`() {
    let hosts = (0..<100_000).map { "  h\($0): {adresses: 1}\n" }.joined()
    refuse("version: 1\nhosts:\n\(hosts)", saying: "and 199900 more; in all 200000 errors\n")
  }

  @Test func `ten thousand levels are refused at the thirty-third`() {
    let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    refuse("version: 1\ngroups:\n  a: \(deep)\n", saying: "inventory.yaml:3:36: error: values are nested")
    let blocks = (0..<3000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    refuse(blocks, saying: "nested more than 32 deep")
  }

  @Test func `a bomb of aliases stops at its budget`() {
    var text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 0..<20 {
      let alias = "*" + (level == 0 ? "a" : "a\(level - 1)")
      text += "b\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
    }
    refuse(text, saying: "aliases stand for more than 65536 values")
  }

  @Test func `groups and networks may name each other to a depth only`() {
    let groups = (0..<5000).map { "  g\($0): g\($0 + 1)\n" }.joined()
    refuse(
      "version: 1\nhosts: {h: {addresses: 10.0.0.1}}\ngroups:\n\(groups)  g5000: h\n",
      saying: "groups name each other more than 64 deep")
    let networks = (0..<5000).map { "  n\($0): {prefixes: 198.51.100.0/24, except: n\($0 + 1)}\n" }
      .joined()
    refuse(
      "version: 1\nnetworks:\n\(networks)  n5000: {prefixes: 198.51.100.7}\n",
      saying: "networks name each other more than 64 deep")
  }

  @Test func `a service of every second port is read like any other`() throws {
    let ports = stride(from: 1, to: 65536, by: 2).map { "tcp/\($0)" }
    let text =
      "version: 1\nhosts: {h: {addresses: 10.0.0.1}}\nservices:\n  odd: [\(ports.joined(separator: ", "))]\n"
    let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
    let services = try #require(loaded.policy?.services)
    guard case .ports(let odd)? = services.first?.terms.first?.match else {
      Issue.record("\(loaded.report.text(loaded.sources).prefix(2000))")
      return
    }
    #expect(odd.ranges.count == ports.count)
    #expect(loaded.report.diagnostics.isEmpty)
  }

  @Test func `files beyond the bounds of an inventory are refused`() {
    let large = [UInt8](repeating: 0x23, count: 16 << 20)
    refuse(large + [0x0a], saying: "inventory.yaml: error: the file is larger than 16 MiB")
    let five = (0..<5).map { SourceFile(path: "\($0).yaml", bytes: large) }
    let loaded = Inventory.load(five)
    #expect(loaded.report.text(loaded.sources).contains("4.yaml: error: the inventory is larger than 64 MiB"))
    #expect(loaded.policy == nil)
  }
}
