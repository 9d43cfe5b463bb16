import AgentProtocol
import Foundation
import HostServices
import Testing

/// Which services of a machine take the table away, as its files say.
@Suite struct FlushingServicesTests {
  /// As Debian 12 ships it.
  private static let nftables = """
    [Unit]
    Wants=network-pre.target
    Before=network-pre.target shutdown.target
    [Service]
    Type=oneshot
    ExecStart=/usr/sbin/nft -f /etc/nftables.conf
    ExecReload=/usr/sbin/nft -f /etc/nftables.conf
    ExecStop=/usr/sbin/nft flush ruleset
    [Install]
    WantedBy=sysinit.target
    """
  private static let wanted = "etc/systemd/system/sysinit.target.wants"
  private static let conf = "#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {\n}\n"
  private static let own =
    "[Unit]\nAfter=systemd-modules-load.service nftables.service\n[Service]\nExecStart=/bin/true\n"

  /// Files by their paths; a value that begins with `->` is a link.
  private func found(_ files: [String: String]) throws -> [FlushingService] {
    let root = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let file = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      if text.hasPrefix("->") {
        try FileManager.default.createSymbolicLink(
          atPath: file.path, withDestinationPath: String(text.dropFirst(2)))
      } else {
        try Data(text.utf8).write(to: file)
      }
    }
    return FlushingServices.found(below: root.path)
  }

  private func enabled(
    _ unit: String, _ text: String, in directory: String = "lib/systemd/system"
  ) -> [String: String] {
    ["\(directory)/\(unit)": text, "\(Self.wanted)/\(unit)": "->/\(directory)/\(unit)"]
  }

  private func debian(_ others: [String: String] = [:]) -> [String: String] {
    enabled("nftables.service", Self.nftables).merging(["etc/nftables.conf": Self.conf]) { $1 }
      .merging(others) { $1 }
  }

  @Test func `debian's own service flushes when it is started, reloaded and stopped`() throws {
    #expect(
      try found(debian()) == [
        FlushingService(
          unit: "nftables.service", moments: [.start, .reload, .stop],
          command: "/usr/sbin/nft -f /etc/nftables.conf")
      ])
    // A file that flushes nothing leaves the end of the service.
    let gentle = debian(["etc/nftables.conf": "# flush ruleset\nflush ruleset ip; flush table inet filter\n"])
    #expect(try found(gentle).map(\.moments) == [[.stop]])
    #expect(try found(debian(["etc/nftables.conf": "->/missing"])).map(\.moments) == [[.stop]])
  }

  @Test func `what is not enabled or is masked flushes nothing`() throws {
    #expect(
      try found(["lib/systemd/system/nftables.service": Self.nftables, "etc/nftables.conf": Self.conf])
        .isEmpty)
    #expect(try found(debian(["etc/systemd/system/nftables.service": "->/dev/null"])).isEmpty)
    #expect(try found([:]).isEmpty)
  }

  @Test func `at a boot it counts what comes first`() throws {
    // Where `make install` puts it.
    let ours = enabled("sekisho-boot.service", Self.own, in: "usr/local/lib/systemd/system")
    #expect(try found(debian(ours)).map(\.moments) == [[.start, .reload, .stop]])
    let late = enabled("late.service", "[Service]\nExecStart=nft flush ruleset\n").merging(ours) { $1 }
    #expect(try found(late).map(\.moments) == [[.start, .boot]])
    let ordered = enabled(
      "late.service", "[Unit]\nBefore=sekisho-boot.service\n[Service]\nExecStart=nft flush ruleset\n"
    ).merging(ours) { $1 }
    #expect(try found(ordered).map(\.moments) == [[.start]])
  }

  static let commands: [(command: String, flushes: Bool)] = [
    ("/usr/sbin/nft flush ruleset", true), ("-/usr/sbin/nft flush ruleset inet", true),
    ("/bin/sh -c 'nft flush ruleset; nft -f /etc/mine'", true),
    ("/bin/sh -c \"/usr/sbin/nft -f /etc/flushing\"", true),
    ("/usr/sbin/nft delete table inet sekisho", true), ("/usr/sbin/nft destroy table inet sekisho", true),
    ("/usr/local/sbin/firewall start", true), ("/etc/flushing", true),
    ("/usr/sbin/nft --file /etc/flushing", true), ("/usr/sbin/nft --file=/etc/flushing", true),
    ("/usr/sbin/nft -ef /etc/flushing", true), ("/usr/sbin/nft -f/etc/flushing", true),
    ("/usr/sbin/nft -If /etc/flushing", false), ("/usr/sbin/nft --filed /etc/flushing", false),
    ("/usr/sbin/nft flush chain inet sekisho input", true),
    ("/usr/sbin/nft flush chain inet mine input", false),
    ("/usr/sbin/nft delete chain inet sekisho input", true),
    ("/usr/sbin/nft delete rule inet sekisho input handle 4", true),
    ("/usr/sbin/nft flush chain ip sekisho input", false),
    ("/usr/sbin/nft list chain inet sekisho input", false),
    ("/usr/sbin/nft flush \\\n  # between\n  ruleset", true),
    ("/usr/sbin/nft flush ruleset ip", false), ("/usr/sbin/nft flush table inet filter", false),
    ("/usr/sbin/nft delete table inet sekisho2", false), ("/usr/sbin/nft list ruleset", false),
    ("/usr/sbin/nft -f /etc/gentle", false), ("/usr/sbin/nft -f ../etc/flushing", false),
    ("/usr/sbin/nft -f", false),
    ("/usr/sbin/iptables-restore /etc/iptables/rules.v4", false),
    ("/usr/sbin/netfilter-persistent stop", false),
    ("/lib/ufw/ufw-init stop", false), ("/usr/sbin/firewalld --nofork", false), ("", false),
  ]

  @Test(arguments: commands)
  func `a command is read, with the file or the script that it names`(
    _ example: (command: String, flushes: Bool)
  ) throws {
    let files = enabled("some.service", "[Service]\nExecStop=\(example.command)\n").merging([
      "etc/flushing": Self.conf, "etc/gentle": "table inet mine {\n}\n",
      "usr/local/sbin/firewall": "#!/bin/sh\ncase $1 in\nstart) /usr/sbin/nft flush ruleset;;\nesac\n",
    ]) { $1 }
    #expect(try found(files).map(\.moments) == (example.flushes ? [[.stop]] : []))
  }

  @Test func `drop-ins add, and take back`() throws {
    let gentle = debian([
      "etc/systemd/system/nftables.service.d/keep.conf": "[Service]\nExecStop=\nExecReload=\n"
    ])
    #expect(try found(gentle).map(\.moments) == [[.start]])
    let instance = [
      "usr/lib/systemd/system/load@.service": "[Service]\nExecStart=/usr/sbin/nft flush ruleset\n",
      "run/systemd/system/multi-user.target.requires/load@a.service":
        "->/usr/lib/systemd/system/load@.service",
    ]
    #expect(try found(instance).map(\.unit) == ["load@a.service"])
  }

  @Test func `a script of the old kind is a service as well`() throws {
    let made = "run/systemd/generator.late"
    let script = [
      "\(made)/firewall.service": "[Service]\nExecStart=/etc/init.d/firewall start\n",
      "\(made)/multi-user.target.wants/firewall.service": "->../firewall.service",
      "etc/init.d/firewall": "#!/bin/sh\ncase $1 in\nstart) nft flush ruleset;;\nesac\n",
    ]
    #expect(try found(script).map(\.moments) == [[.start]])
    // A unit of the same name takes its place.
    let native = ["lib/systemd/system/firewall.service": "[Service]\nExecStart=/bin/true\n"]
    #expect(try found(script.merging(native) { $1 }).isEmpty)
  }

  @Test(.timeLimit(.minutes(60))) func `what is no file, or far too long, is not read`() throws {
    let long = String(repeating: "# nothing\n", count: 200_000) + "flush ruleset\n"
    #expect(try found(debian(["etc/nftables.conf": long])).map(\.moments) == [[.stop]])
    #expect(try found(debian(["etc/nftables.conf": "->/dev/zero"])).map(\.moments) == [[.stop]])
    #expect(try found(debian(["etc/nftables.conf": "->."])).map(\.moments) == [[.stop]])
  }
}
