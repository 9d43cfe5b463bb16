import ChildProcess
import Foundation
import Testing

/// The unit that loads what was confirmed.
@Suite(.enabled(if: Analyze.isThere, "no systemd-analyze(1)"))
struct BootUnitTests {
  private static let unit = "sekisho-boot.service"

  /// The unit, with the program that was built.
  private func text() throws -> String {
    let file = URL(filePath: #filePath).appending(path: "../../../packaging/\(Self.unit)").standardizedFileURL
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains("ExecStart=/usr/local/bin/sekisho boot\n"))
    return text.replacing("/usr/local/bin/sekisho", with: "\(ChildProcess.products)/sekisho")
  }

  @Test func `systemd understands every line of it`() throws {
    try withShell { shell in
      try shell.write(Self.unit, try text())
      let result = try shell.run("systemd-analyze verify --man=no ./\(Self.unit)", inNamespace: false)
      #expect(result.status == 0 && result.all.isEmpty, "\(result.all)")
    }
  }

  @Test func `it may do little else than what it is for`() throws {
    try withShell { shell in
      try shell.write(Self.unit, try text())
      // In tenths: above it the command fails.
      let result = try shell.run(
        "systemd-analyze security --offline=yes --threshold=20 ./\(Self.unit)", inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `it is ordered ahead of the network, and stopping it changes nothing`() throws {
    let lines = Set(try text().split(separator: "\n").map(String.init))
    for line in [
      "DefaultDependencies=no", "Wants=network-pre.target", "Before=network-pre.target shutdown.target",
      "RequiresMountsFor=/var/lib/sekisho", "Type=oneshot", "RemainAfterExit=yes", "WantedBy=sysinit.target",
      "CapabilityBoundingSet=CAP_NET_ADMIN", "NoNewPrivileges=yes",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(!lines.contains { $0.hasPrefix("ExecStop") })
  }
}

private enum Analyze {
  static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")
}
