import Addressing
import Sessions
import Testing

@Suite struct SocketListingTests {
  /// As a machine whose numbers begin with their lowest byte lists them.
  private static let listing = """
      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
       0: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
       1: 0200000A:1538 0100000A:9C40 01 00000000:00000000 02:00000A5F 00000000     0        0 2 4
       2: 0200000A:9C41 0300000A:01BB 08 00000000:00000000 00:00000000 00000000     0        0 3 1
       3: 0200000A:9C42 0300000A:01BB 06 00000000:00000000 00:00000000 00000000     0        0 0 3
       4: B80D0120000000000000000002000000:0050 B80D0120000000000000000001000000:9C43 01 0 0 0
       5: 0000000000000000FFFF00000200000A:0016 0000000000000000FFFF00000100000A:9C44 01 0 0 0
    """

  @Test func `sockets that listen, are open or are over are read, IPv4 in IPv6 as IPv4`() throws {
    try #require(Int(littleEndian: 1) == 1)
    func end(_ text: String, _ port: UInt16) throws -> SessionEnd {
      SessionEnd(try Address(parsing: text), port)
    }
    #expect(
      TCPSocket.sockets(listing: Array(Self.listing.utf8)) == [
        TCPSocket(
          local: try end("0.0.0.0", 5432), remote: try end("0.0.0.0", 0), state: .listening, inode: 1),
        TCPSocket(
          local: try end("10.0.0.2", 5432), remote: try end("10.0.0.1", 40000), state: .open, inode: 2),
        TCPSocket(
          local: try end("10.0.0.2", 40001), remote: try end("10.0.0.3", 443), state: .open, inode: 3),
        TCPSocket(local: try end("10.0.0.2", 40002), remote: try end("10.0.0.3", 443), state: .over),
        TCPSocket(local: try end("2001:db8::2", 80), remote: try end("2001:db8::1", 40003), state: .open),
        TCPSocket(local: try end("10.0.0.2", 22), remote: try end("10.0.0.1", 40004), state: .open),
      ])
  }

  /// 07 is one that is not connected.
  private static let datagrams = """
       sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
      131: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2 0000000000000000 0
      132: 0200000A:9C41 0300000A:0035 01 00000000:00000000 00:00000000 00000000     0        0 8 2 0000000000000000 0
    """

  @Test func `sockets of UDP are connected or hear everybody`() throws {
    try #require(Int(littleEndian: 1) == 1)
    #expect(
      UDPSocket.sockets(listing: Array(Self.datagrams.utf8)) == [
        UDPSocket(local: SessionEnd(Address(.ipv4, 0), 53), remote: nil),
        UDPSocket(
          local: SessionEnd(try Address(parsing: "10.0.0.2"), 40001),
          remote: SessionEnd(try Address(parsing: "10.0.0.3"), 53)),
      ])
  }

  @Test(arguments: ["", ":", " 0:", " 0: a:b c:d 01", " 0: 0100007F:16 0100007F:0016 01", "\n\n 1: :: :: ::"])
  func `what is no line of a listing is left out`(text: String) {
    #expect(TCPSocket.sockets(listing: Array(text.utf8)).isEmpty)
    #expect(UDPSocket.sockets(listing: Array(text.utf8)).isEmpty)
  }
}
