import ChildProcess
import Foundation
import Nftables
import NftablesNetlink

/// One rule of the conformance data: nft's text and the kernel's bytes.
struct CorpusRule: Decodable {
  struct KernelSet: Decodable {
    let name: String
    let newset: String
    let newsetelem: [String]
  }

  let id: String
  let family: String
  let table: String
  let chain: String
  let chain_decl: String
  let rule: String
  let kernel_newrule: [String]
  let kernel_sets: [KernelSet]

  var rules: [[UInt8]] { kernel_newrule.map(bytes(hex:)) }
  var setMessages: [[UInt8]] { kernel_sets.flatMap { [$0.newset] + $0.newsetelem }.map(bytes(hex:)) }
}

func bytes(hex: String) -> [UInt8] {
  let digits = Array(hex.utf8).map { $0 <= 57 ? $0 - 48 : $0 - 87 }
  return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

enum Corpus {
  /// Where the conformance data is; `nil` when it is not on this machine.
  static let file: URL? = {
    let environment = ProcessInfo.processInfo.environment["SEKISHO_CONFORMANCE"]
    let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
    let directory = environment.map { URL(filePath: $0) } ?? root.appending(path: "../shared/conformance")
    let file = directory.appending(path: "nft-golden/nft_rules_kernel_dump.jsonl.gz").standardizedFileURL
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }()

  static let isPresent = file != nil
  static let absent = "the conformance data is not here; SEKISHO_CONFORMANCE may say where it is"

  /// All rules, read once.
  static let rules: [CorpusRule] = {
    guard let file else { return [] }
    let text = Data(ChildProcess.run(["gzip", "-dc", file.path]).output.utf8)
    return text.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(CorpusRule.self, from: $0)
    }
  }()
}

extension Rule {
  /// Names of the expressions that came out opaque.
  var opaqueNames: [String] {
    expressions.compactMap {
      if case .opaque(let name, _) = $0 { name } else { nil }
    }
  }
}
