import ChildProcess
import Foundation
import Testing

/// The units that load what was confirmed, watch it, and write metrics.
@Suite(.enabled(if: Analyze.isThere, "no systemd-analyze(1)"))
struct UnitTests {
  /// A unit, and what it starts.
  private static let units = [
    "sekisho-boot.service": "boot", "sekisho-watch.service": "watch --restore",
    "sekisho-metrics.service": "metrics --out /var/lib/prometheus/node-exporter/sekisho.prom",
    "sekisho-pull.service": "pull ${SEKISHO_BUNDLE}",
  ]

  /// A unit, with the program that was built.
  private func text(_ unit: String) throws -> String {
    let file = URL(filePath: #filePath).appending(path: "../../../packaging/\(unit)").standardizedFileURL
    let text = try String(contentsOf: file, encoding: .utf8)
    let command = try #require(Self.units[unit])
    #expect(text.contains("ExecStart=/usr/local/bin/sekisho \(command)\n"))
    return text.replacing("/usr/local/bin/sekisho", with: "\(ChildProcess.products)/sekisho")
  }

  private func lines(_ unit: String) throws -> Set<String> {
    Set(try text(unit).split(separator: "\n").map(String.init))
  }

  @Test(arguments: units.keys.sorted()) func `systemd understands every line of it`(unit: String) throws {
    try withShell { shell in
      // One is ordered behind the other.
      for other in Self.units.keys { try shell.write(other, try text(other)) }
      let result = try shell.run("systemd-analyze verify --man=no ./\(unit)", inNamespace: false)
      #expect(result.status == 0 && result.all.isEmpty, "\(result.all)")
    }
  }

  @Test(arguments: units.keys.sorted()) func `it may do little else than what it is for`(unit: String) throws
  {
    try withShell { shell in
      try shell.write(unit, try text(unit))
      // In tenths: above it the command fails.
      let result = try shell.run(
        "systemd-analyze security --offline=yes --threshold=20 ./\(unit)", inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
    for line in ["CapabilityBoundingSet=CAP_NET_ADMIN", "NoNewPrivileges=yes"] {
      #expect(try lines(unit).contains(line), "\(line)")
    }
  }

  @Test func `what boots is ordered ahead of the network, and stopping it changes nothing`() throws {
    let lines = try lines("sekisho-boot.service")
    for line in [
      "DefaultDependencies=no", "Wants=network-pre.target", "Before=network-pre.target shutdown.target",
      "RequiresMountsFor=/var/lib/sekisho", "Type=oneshot", "RemainAfterExit=yes", "WantedBy=sysinit.target",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(!lines.contains { $0.hasPrefix("ExecStop") })
  }

  @Test func `systemd understands the timer of the metrics, which starts them every minute`() throws {
    let file = URL(filePath: #filePath).appending(path: "../../../packaging/sekisho-metrics.timer")
    let timer = try String(contentsOf: file.standardizedFileURL, encoding: .utf8)
    #expect(timer.contains("OnUnitActiveSec=1min\n"))
    try withShell { shell in
      try shell.write("sekisho-metrics.service", try text("sekisho-metrics.service"))
      try shell.write("sekisho-metrics.timer", timer)
      let result = try shell.run(
        "systemd-analyze verify --man=no ./sekisho-metrics.timer", inNamespace: false)
      #expect(result.status == 0 && result.all.isEmpty, "\(result.all)")
    }
  }

  @Test func `what pulls is started at another time on each host`() throws {
    let file = URL(filePath: #filePath).appending(path: "../../../packaging/sekisho-pull.timer")
      .standardizedFileURL
    let timer = try String(contentsOf: file, encoding: .utf8)
    for line in ["RandomizedDelaySec=5min", "FixedRandomDelay=yes", "WantedBy=timers.target"] {
      #expect(timer.contains("\n\(line)\n"), "\(line)")
    }
    try withShell { shell in
      try shell.write("sekisho-pull.timer", timer)
      try shell.write("sekisho-pull.service", try text("sekisho-pull.service"))
      let result = try shell.run("systemd-analyze verify --man=no ./sekisho-pull.timer", inNamespace: false)
      #expect(result.status == 0 && result.all.isEmpty, "\(result.all)")
    }
  }

  @Test func `what watches comes behind what boots, and is started again when it fails`() throws {
    let lines = try lines("sekisho-watch.service")
    for line in [
      "After=sekisho-boot.service", "RequiresMountsFor=/var/lib/sekisho", "Restart=on-failure",
      "WantedBy=multi-user.target",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
  }
}

private enum Analyze {
  static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")
}
