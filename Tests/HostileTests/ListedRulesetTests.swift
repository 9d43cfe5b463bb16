import ChildProcess
import Foundation
import Testing

/// What nft(8) prints of a host, against what the host should have.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct ListedRulesetTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static let inventories: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/examples")) ?? []
    return ["inventory"]
      + names.filter { !$0.hasSuffix(".md") && $0 != "library" }.sorted().map { "examples/\($0)" }
  }()

  @Test(arguments: inventories)
  func `a host that has exactly what it should have does not differ, either way round`(inventory: String)
    throws
  {
    try withShell { shell in
      let result = try shell.run(
        """
        sekisho compile -i \(Self.root)/\(inventory) -o out -q
        for file in out/*.nft; do
          host=$(basename $file .nft)
          nft flush ruleset; nft -f $file; nft -j list ruleset > listed.json
          sekisho diff listed.json \(Self.root)/\(inventory) --host $host > told 2>&1 || { cat told; exit 1; }
          grep -q 'nothing differs\\|no change in meaning' told
          sekisho diff out listed.json --host $host > told 2>&1 || { cat told; exit 1; }
          echo $host
        done
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(!result.output.isEmpty)
    }
  }

  /// What somebody has changed; nft lists it.
  @Test(arguments: [
    "nft insert rule inet sekisho in/records counter return",
    "nft insert rule inet sekisho in/records ip saddr 10.0.0.9 counter return",
    "nft flush chain inet sekisho in/records",
    "nft add rule inet sekisho in/records meta l4proto udp counter return",
    "nft delete rule inet sekisho in/records handle $(nft -a list chain inet sekisho in/records | sed -n 's/.*handle //p' | sed -n 2p)",
  ])
  func `what is another rule in a listing still differs`(change: String) throws {
    try withShell { shell in
      let result = try shell.run(
        """
        sekisho compile -i \(Self.root)/examples/two-tier-web -o out -q
        nft -f out/web-1.nft; \(change); nft -j list ruleset > listed.json
        status=0; sekisho diff listed.json \(Self.root)/examples/two-tier-web --host web-1 --objects > told || status=$?
        test $status = 2; grep -c in/records told
        """)
      #expect(result.status == 0, "\(result.all)")
      // Only what somebody changed, not every rule beside it.
      #expect(
        change.contains("flush") || result.output.hasSuffix("1\n"), "\(result.all)")
    }
  }
}
