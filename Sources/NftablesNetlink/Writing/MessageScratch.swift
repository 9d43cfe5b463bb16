internal import CMnl
internal import CNftnl
internal import Netlink
internal import Nftables

/// Memory in which libnftnl and libmnl build one message at a time.
///
/// Neither looks whether what it puts fits: ``room`` is asked before anything of unbounded length, and
/// everything else is far smaller than ``reserve``.
@safe struct MessageScratch: ~Copyable {
  private let memory: UnsafeMutableRawPointer
  let header: UnsafeMutablePointer<nlmsghdr>

  private static let size = 96 << 10
  /// The length of a list has 16 bits. Between here and there is more than libnftnl puts at once: the
  /// statements of an element, or a set's notes.
  private static let limit = 48 << 10

  init() {
    unsafe memory = .allocate(byteCount: Self.size, alignment: 16)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
    unsafe header = memory.bindMemory(to: nlmsghdr.self, capacity: 1)
  }

  deinit { unsafe memory.deallocate() }

  /// Begins a message of nf_tables.
  ///
  /// libmnl pads without writing: what the last message left there would go out between attributes.
  func begin(_ kind: nf_tables_msg_types, _ family: Family, flags: Int32, sequence: UInt32) {
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    let buffer = unsafe memory.assumingMemoryBound(to: CChar.self)
    _ = unsafe nftnl_nlmsg_build_hdr(
      buffer, UInt16(kind.rawValue), UInt16(family.rawValue), UInt16(flags), sequence)
  }

  /// Bytes of the message so far.
  var count: Int { Int(unsafe header.pointee.nlmsg_len) }

  /// Bytes of unbounded length that may still be put.
  var room: Int { Self.limit - count }

  func put(_ type: some RawRepresentable<UInt32>, _ text: String) {
    unsafe mnl_attr_put_strz(header, UInt16(type.rawValue), text)
  }

  func put(_ type: some RawRepresentable<UInt32>, u64 value: UInt64) {
    unsafe mnl_attr_put_u64(header, UInt16(type.rawValue), value.bigEndian)
  }

  func put(_ type: some RawRepresentable<UInt32>, _ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes {
      unsafe mnl_attr_put(header, UInt16(type.rawValue), $0.count, $0.baseAddress)
    }
  }

  func put(_ type: some RawRepresentable<UInt32>, _ value: UInt32) {
    unsafe mnl_attr_put_u32(header, UInt16(type.rawValue), value.bigEndian)
  }

  /// Attributes that are packed already, as the payload of a nest.
  func put(_ type: some RawRepresentable<UInt32>, nested bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes {
      unsafe mnl_attr_put(header, UInt16(type.rawValue) | UInt16(NLA_F_NESTED), $0.count, $0.baseAddress)
    }
  }

  /// Begins a nest that ``endNest(_:)`` closes.
  func beginNest(_ type: some RawRepresentable<UInt32>) -> Nest {
    unsafe Nest(start: mnl_attr_nest_start(header, UInt16(type.rawValue)))
  }

  func endNest(_ nest: Nest) { unsafe mnl_attr_nest_end(header, nest.start) }

  /// A nest that is not closed yet.
  @safe struct Nest {
    fileprivate let start: UnsafeMutablePointer<nlattr>?
  }

  /// Appends the finished message to others.
  func append(to writer: inout MessageWriter) {
    unsafe writer.append(UnsafeRawBufferPointer(start: memory, count: count))
    writer.pad()
  }
}
