import Diagnostics
import Imports
import Testing

/// Lists as other systems and other countries write them.
extension HostImportTests {
  /// As spreadsheets of several countries and editors of several systems write a table.
  static let tables: [[UInt8]] = [
    Array("\u{feff}name,addresses,groups\r\na,10.0.0.1 10.0.0.2,\"x y\"\r\n".utf8),
    Array("name;addresses;groups\na;10.0.0.1,10.0.0.2;x y\n".utf8),
    Array("name;addresses;groups\na;\"10.0.0.1;10.0.0.2\";\"x;y\"\n".utf8),
    Array("name\taddresses\tgroups\na\t10.0.0.1 10.0.0.2\tx,y".utf8),
    Array("\u{feff}sep=;\r\nname;addresses;groups\r\na;10.0.0.1 10.0.0.2;x y\r\n".utf8),
    Array("name,addresses,groups\ra,10.0.0.1;10.0.0.2,x y\r".utf8),
    Array("\"name\",\"addresses; all of them\",addresses,groups\na,,10.0.0.1 10.0.0.2,x y".utf8),
  ]

  @Test(arguments: tables) func `a table is read however it is separated`(bytes: [UInt8]) throws {
    #expect(try Self.told(HostTable.hosts(bytes, of: "a.csv")) == ["a 10.0.0.1 10.0.0.2 of x y"])
  }

  @Test func `a line behind what says the separator has its number`() {
    let faults = Self.faults("sep=;\nname;ip\na;nobody") { (bytes, name) throws(ImportFaults) in
      try HostTable.hosts(bytes, of: name)
    }
    #expect(faults.map { $0.prefix(9) } == ["file:3:1:"])
  }

  /// What is wrong with an encoding, and what to do.
  static let encodings: [([UInt8], String)] = [
    ([0xff, 0xfe, 0x61, 0], "this is UTF-16; write it as UTF-8: iconv -f UTF-16"),
    ([0xfe, 0xff, 0, 0x61], "this is UTF-16; write it as UTF-8: iconv -f UTF-16"),
    (
      Array("name,ip\nm".utf8) + [0xfc] + Array("ller,10.0.0.1\n".utf8),
      ":2:1: this is not UTF-8, but as of Latin-1"
    ),
    (
      Array("# a\n10.0.0.1 m".utf8) + [0xfc] + Array("ller\n".utf8),
      ":2:1: this is not UTF-8, but as of Latin-1"
    ),
  ]

  @Test(arguments: encodings) func `another encoding is told with what to do`(bytes: [UInt8], words: String) {
    var told: [[String]] = []
    func tell(_ reader: Reader) {
      do throws(ImportFaults) { _ = try reader(bytes, "file") } catch {
        told.append(error.faults.map { "\($0)" })
      }
    }
    let isWhole = bytes[0] > 0x7f
    let isTable = bytes[0] == UInt8(ascii: "n")
    if isWhole || isTable {
      tell { (bytes, name) throws(ImportFaults) in try HostTable.hosts(bytes, of: name) }
    }
    if isWhole || !isTable {
      tell { (bytes, name) throws(ImportFaults) in try HostsFile.hosts(bytes, of: name) }
    }
    if isWhole {
      tell { (bytes, name) throws(ImportFaults) in try AnsibleInventory.hosts(bytes, of: name) }
      tell { (bytes, name) throws(ImportFaults) in try TerraformState.hosts(bytes, of: name) }
    }
    #expect(told.count == (isWhole ? 4 : 1))
    #expect(told.allSatisfy { $0.contains { $0.contains(words) } }, "\(told)")
  }

  @Test func `a hosts file of another system is read`() throws {
    let text =
      Array("\u{feff}10.0.0.1 a\r\nfe80::1%eth0 a\r\n2001:db8::1%2 a # of M".utf8) + [0xfc]
      + Array("ller\r\n\r\n".utf8)
    let hosts = try HostsFile.hosts(text, of: "hosts")
    #expect(Self.told(hosts) == ["a 10.0.0.1 2001:db8::1"])
    #expect(hosts.remarks.map { "\($0)" } == ["hosts:2:1: left out: fe80::1 of `a` is link-local"])
  }
}
