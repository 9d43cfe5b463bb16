import ChildProcess
import Foundation
import Nftables
import NftablesNetlink

/// A rule of the conformance data: the kernel's bytes, and what nft prints for them.
struct GoldenRule: Decodable {
  struct KernelSet: Decodable {
    let newset: String
    let newsetelem: [String]
  }

  let id: String
  let src: String
  let family: String
  let nft_debug: String
  let nft_list: String
  let kernel_newrule: [String]
  let kernel_sets: [KernelSet]

  var tableFamily: Family {
    switch family {
    case "ip": .ipv4
    case "ip6": .ipv6
    case "inet": .inet
    case "bridge": .bridge
    case "arp": .arp
    default: .netdev
    }
  }

  func decoded() throws -> (rules: [Rule], sets: [SetName: NamedSet]) {
    let catalog = try SetCatalog(
      decoding: kernel_sets.flatMap { [$0.newset] + $0.newsetelem }.map(Self.bytes))
    var sets: [SetName: NamedSet] = [:]
    for set in catalog.named { sets[set.name] = set }
    let rules = try kernel_newrule.map { try RuleMessage(decoding: Self.bytes($0), sets: catalog).rule }
    return (rules, sets)
  }

  private static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.map { $0 <= 57 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  /// Where the data is; `nil` when it is not on this machine.
  static let file: URL? = {
    let environment = ProcessInfo.processInfo.environment["SEKISHO_CONFORMANCE"]
    let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
    let directory = environment.map { URL(filePath: $0) } ?? root.appending(path: "../shared/conformance")
    let file = directory.appending(path: "nft-golden/nft_rules_kernel_dump.jsonl.gz").standardizedFileURL
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }()

  static let all: [GoldenRule] = {
    guard let file else { return [] }
    let unpacked = ChildProcess.run(["gzip", "-dc", file.path])
    guard unpacked.status == 0 else { return [] }
    return unpacked.output.split(separator: "\n").compactMap {
      try? JSONDecoder().decode(GoldenRule.self, from: Data($0.utf8))
    }
  }()
}
