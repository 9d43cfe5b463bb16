import Addressing
import Diagnostics
import Imports
import Inventory
import InventoryText
import Policy
import Testing

/// What lists of hosts become: an inventory that loads, or every reason why not.
@Suite struct HostImportTests {
  typealias Reader = @Sendable ([UInt8], String) throws(ImportFaults) -> ImportedHosts

  /// A line a host: name, addresses, zone, groups.
  static func told(_ hosts: ImportedHosts) -> [String] {
    hosts.hosts.map { host in
      ([host.name] + host.addresses.map { "\($0)" } + (host.zone.map { ["in \($0)"] } ?? [])
        + (host.groups.isEmpty ? [] : ["of \(host.groups.joined(separator: " "))"])
        + (host.ssh.map { ["by \($0)"] } ?? [])).joined(separator: " ")
    }
  }

  /// The policy of a part, which the loader has read.
  static func policy(_ texts: String...) throws -> Policy {
    let files = texts.enumerated().map { SourceFile(path: "\($0).yaml", bytes: Array($1.utf8)) }
    let loaded = Inventory.load(Sources(files: files))
    return try #require(loaded.policy, "\(loaded.report.text(Sources(files: files))) \(texts)")
  }

  static func faults(_ text: String, _ reader: Reader) -> [String] {
    do throws(ImportFaults) {
      _ = try reader(Array(text.utf8), "file")
      return []
    } catch {
      return error.faults.map { "\($0)" }
    }
  }

  // MARK: /etc/hosts

  private static let debian = """
    127.0.0.1\tlocalhost
    127.0.1.1\tops-1.example.com ops-1
    # The following lines are desirable for IPv6 capable hosts
    ::1     ip6-localhost ip6-loopback
    fe00::0 ip6-localnet
    ff00::0 ip6-mcastprefix
    ff02::1 ip6-allnodes
    fe80::1%lo0 localhost

    10.0.3.11  db-1.example.com DB1   # the first
    10.0.3.12  db-2.example.com\r
    2001:db8:3::11 db-1.example.com
    10.0.1.11  Web-1
    """

  @Test func `a hosts file has hosts, and what nobody else reaches is left out`() throws {
    let hosts = try HostsFile.hosts(Array(Self.debian.utf8), of: "hosts")
    #expect(
      Self.told(hosts) == [
        "db-1.example.com 10.0.3.11 2001:db8:3::11", "db-2.example.com 10.0.3.12", "web-1 10.0.1.11",
      ])
    #expect(hosts.hosts[0].description == "also DB1")
    let remarks = hosts.remarks.map { "\($0)" }
    #expect(remarks.contains("hosts:1:1: left out: 127.0.0.1 of `localhost` is a loopback address"))
    #expect(remarks.contains("hosts:13:1: `Web-1` is named `web-1`"))
    #expect(remarks.contains("hosts:8:1: left out: fe80::1 of `localhost` is link-local"))
    #expect(remarks.count == 8, "\(remarks)")
    let policy = try Self.policy(hosts.part(header: ["Imported"]).text)
    #expect(policy.hosts.map(\.name) == ["db-1.example.com", "db-2.example.com", "web-1"])
  }

  static let wrongHosts: [(String, String)] = [
    ("10.0.0.1 a\n10.0.0.01 b", "file:2:1: `10.0.0.01` is no address"),
    (
      "10.0.0.1 a\n10.0.0.1 b",
      "file:2:1: 10.0.0.1 is an address of `b`, and of `a` (file:1:1): no two hosts have one"
    ),
    ("10.0.0.1 Web\n10.0.0.2 web", "file:2:1: `web` would be named `web`, as `Web` at file:1:1"),
    (
      "10.0.0.1 a/b\n10.0.0.2 a\u{20}\n10.0.0.3 a-b",
      "file:3:1: `a-b` would be named `a-b`, as `a/b` at file:1:1"
    ),
    ("10.0.0.1 we\u{1b}b", "`we<U+001B>b` can be no host's name"),
    ("10.0.0.1 w\u{435}b", "can be no host's name"),
    ("10.0.0.1 \(String(repeating: "a", count: 64))", "can be no host's name"),
    ("10.0.0.1 all", "file:1:1: `all` is a word of the inventory"),
    ("10.0.0.1 a b\u{202e}c", "the description of `a` has characters that cannot be seen"),
    ("127.0.0.1 localhost", "file: there is no host with an address in it"), ("", "file: there is no host"),
  ]

  @Test(arguments: wrongHosts) func `a mistake is no import, and has its place`(text: String, words: String) {
    let faults = Self.faults(text) { (bytes, name) throws(ImportFaults) in
      try HostsFile.hosts(bytes, of: name)
    }
    #expect(faults.contains { $0.contains(words) }, "\(faults)")
  }

  @Test func `more hosts than an inventory has are refused at once`() {
    let lines = (0..<100_000).map { "10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255) host-\($0)" }
    let faults = Self.faults(lines.joined(separator: "\n")) { (bytes, name) throws(ImportFaults) in
      try HostsFile.hosts(bytes, of: name)
    }
    #expect(faults == ["file: 100000 hosts; an inventory has 65536 at most: import them in parts"])
  }

  @Test func `a file of nothing but mistakes is not told whole`() {
    let lines = String(repeating: "10.0.0.1 a\u{1}\n", count: 100_000)
    let faults = Self.faults(lines) { (bytes, name) throws(ImportFaults) in
      try HostsFile.hosts(bytes, of: name)
    }
    #expect((1...1100).contains(faults.count))
  }

  // MARK: CSV

  @Test func `a table has hosts, with texts in quotes and several values in a cell`() throws {
    let text = """
      \u{feff}Hostname,IP,Zone,Groups,Rack,Description\r
      db-1,10.0.3.11; 2001:db8:3::11,data,db;tokyo,7,"the ""first"", with a backslash \\"\r
      "web-1",10.0.1.11,,"web all-2",8,"two
      lines"\r
      no,10.0.0.7,data,,,"key: [value] # {no} &x *y !t"
      """
    // An end of a line cannot be seen in a description.
    #expect(
      Self.faults(text) { (bytes, name) throws(ImportFaults) in try HostTable.hosts(bytes, of: name) } == [
        "file:3:1: the description of `web-1` has characters that cannot be seen: `two<U+000A>lines`"
      ])
    let plain = Array(text.replacing("two\nlines", with: "two").utf8)
    let hosts = try HostTable.hosts(plain, of: "servers.csv")
    #expect(
      Self.told(hosts) == [
        "db-1 10.0.3.11 2001:db8:3::11 in data of db tokyo", "no 10.0.0.7 in data",
        "web-1 10.0.1.11 of all-2 web",
      ])
    #expect(hosts.remarks.map { "\($0)" } == ["servers.csv:1:1: left out: the column `Rack`"])
    let written = hosts.part(header: []).text
    let policy = try Self.policy(written)
    #expect(policy.hosts.count == 3 && policy.zones.map(\.name) == ["data"])
    #expect(written.contains(#"description: "the \"first\", with a backslash \\""#))
  }

  static let wrongTables: [(String, String)] = [
    ("name,zone\na,b", "file:1:1: no column is called `addresses`: the first line names the columns"),
    ("name,ip,address\na,10.0.0.1,10.0.0.2", "file:1:1: two columns are `addresses`"),
    ("name,ip\na,10.0.0.1,x", "file:2:1: 3 fields under a header of 2"),
    ("name,ip\na,10.0.0.1 10.0.0.300", "file:2:1: `10.0.0.300` is no address"),
    ("name,ip\n\"a,10.0.0.1\nb,10.0.0.2", "file:2:1: a quote that begins here has no end"),
    ("name,ip\n\"a\"b,10.0.0.1", "file:2:1: something stands behind the end of a quote"),
    ("name,ip\n,10.0.0.1", "file:2:1: a host without a name"),
    (
      "name,ip,groups\na,10.0.0.1,Web\nb,10.0.0.2,web",
      "file:3:1: the group `web` would be named `web`, as the group `Web` is"
    ),
    ("name,ip,zone,groups\na,10.0.0.1,x,x", "the group `x` would be named `x`, as the zone `x` is"),
    ("", "file: it is empty"),
  ]

  @Test(arguments: wrongTables) func `a table with a mistake is no import`(text: String, words: String) {
    let faults = Self.faults(text) { (bytes, name) throws(ImportFaults) in
      try HostTable.hosts(bytes, of: name)
    }
    #expect(faults.contains { $0.contains(words) }, "\(faults)")
  }

  @Test func `a group with the name of a host is told apart`() throws {
    let hosts = try HostTable.hosts(Array("name,ip,groups\nweb,10.0.0.1,web managed".utf8), of: "a.csv")
    #expect(Self.told(hosts) == ["web 10.0.0.1 of managed-group web-group"])
    #expect(hosts.remarks.count == 2)
    _ = try Self.policy(hosts.part(header: []).text)
  }

  // MARK: Beside an inventory

  private static let present = """
    version: 1
    zones: {data: {}}
    networks: {office: {prefixes: [203.0.113.0/24]}}
    hosts:
      db-1: {addresses: [10.0.3.11, "2001:db8:3::11"], zone: data, groups: [db]}
      web-1: {addresses: [10.0.1.11]}
    groups: {backend: db}
    """

  private func news(_ table: String) throws -> ImportedHosts.News {
    try HostTable.hosts(Array(table.utf8), of: "new.csv").news(beside: Self.policy(Self.present)) {
      "inventory/\($0)"
    }
  }

  @Test func `what is there is left as it is, and the rest is beside it`() throws {
    let news = try news(
      "name,ip,zone,groups\ndb-1,2001:db8:3::11 10.0.3.11,data,db new\ndb-2,10.0.3.12,data,db")
    #expect(news.present == ["db-1"])
    #expect(Self.told(news.hosts) == ["db-2 10.0.3.12 in data of db"])
    #expect(
      news.hosts.remarks.map { "\($0)" } == [
        "new.csv:2:1: `db-1` is left as it is, and not in new, as it is here"
      ])
    let part = news.hosts.part(header: [], apartFrom: ["data"])
    #expect(part.zones.isEmpty)
    #expect(try Self.policy(Self.present, part.text).hosts.map(\.name) == ["db-1", "db-2", "web-1"])
  }

  static let contradictions: [(String, String)] = [
    (
      "db-1,10.0.3.11",
      "new.csv:2:1: `db-1` has 10.0.3.11 here, and 10.0.3.11, 2001:db8:3::11 at inventory/0.yaml:5:3"
    ),
    (
      "db-3,10.0.1.11",
      "new.csv:2:1: 10.0.1.11 is an address of `db-3` here, and of `web-1` at inventory/0.yaml:6:3"
    ),
    ("office,10.0.9.9", "new.csv:2:1: `office` is the name of something else at inventory/0.yaml:3:"),
    ("db,10.0.9.9", "`db` is the name of something else"),
    ("data,10.0.9.9", "`data` is the name of something else"),
    ("a,10.0.9.9,,office", "the group `office` has the name of something else"),
    ("a,10.0.9.9,,backend", "the group `backend` has the name of something else"),
    ("a,10.0.9.9,,web-1", "the group `web-1` has the name of something else"),
    ("a,10.0.9.9,db,", "the zone `db` has the name of something else"),
  ]

  @Test(arguments: contradictions) func `a contradiction has both places`(row: String, words: String) throws {
    let fields = row.split(separator: ",", omittingEmptySubsequences: false).count
    let header = ["name", "ip", "zone", "groups"].prefix(fields).joined(separator: ",")
    do {
      _ = try news("\(header)\n\(row)")
      Issue.record("nothing is said of \(row)")
    } catch let error as ImportFaults {
      #expect(error.faults.contains { "\($0)".contains(words) }, "\(error.faults)")
    }
  }
}
