internal import CNftnl
internal import Nftables

/// Owns a set of libnftnl.
@safe struct SetHandle: ~Copyable {
  private let pointer: OpaquePointer

  init() throws(EncodingError) {
    guard let pointer = unsafe nftnl_set_alloc() else { throw .noMemory }
    unsafe self.pointer = pointer
  }

  deinit { unsafe nftnl_set_free(pointer) }

  func set(_ attribute: nftnl_set_attr, _ value: UInt32) {
    unsafe nftnl_set_set_u32(pointer, UInt16(attribute.rawValue), value)
  }

  func set(_ attribute: nftnl_set_attr, u64 value: UInt64) {
    unsafe nftnl_set_set_u64(pointer, UInt16(attribute.rawValue), value)
  }

  func set(_ attribute: nftnl_set_attr, _ text: String) throws(EncodingError) {
    guard unsafe nftnl_set_set_str(pointer, UInt16(attribute.rawValue), text) == 0 else {
      throw .noMemory
    }
  }

  func set(_ attribute: nftnl_set_attr, _ bytes: [UInt8]) throws(EncodingError) {
    let result = unsafe bytes.withUnsafeBytes {
      unsafe nftnl_set_set_data(pointer, UInt16(attribute.rawValue), $0.baseAddress, UInt32($0.count))
    }
    guard result == 0 else { throw .noMemory }
  }

  /// Appends the set's attributes to the message.
  func build(into message: borrowing MessageScratch) {
    unsafe nftnl_set_nlmsg_build_payload(message.header, pointer)
  }
}

/// A set as it is declared, and the number by which a transaction refers to it.
struct SetDeclaration {
  /// `__set%d` and `__map%d` for anonymous sets: the kernel puts in the number.
  let name: String
  let id: UInt32
  let key: [DataType]
  let keyLength: Int
  let data: [DataType]?
  let dataLength: Int
  let flags: SetFlags
  let size: UInt32?
  let timeout: UInt64?
  let comment: String?
  let countsElements: Bool

  init(_ set: NamedSet, id: UInt32, size: UInt32?) {
    name = set.name.text
    self.id = id
    key = set.key
    keyLength = set.elements.keyLength
    data = set.data
    dataLength = Self.dataLength(set.data, set.elements)
    flags = set.data == nil ? set.flags : set.flags.union(.map)
    self.size = size
    timeout = set.timeout
    comment = set.comment
    countsElements = set.countsElements
  }

  /// An anonymous set, declared as large as what it holds.
  init(_ set: InlineSet, id: UInt32, size: Int) {
    name = set.data == nil ? "__set%d" : "__map%d"
    self.id = id
    key = set.key
    keyLength = set.elements.keyLength
    data = set.data
    dataLength = Self.dataLength(set.data, set.elements)
    flags = set.flags.union(set.data == nil ? [.anonymous, .constant] : [.anonymous, .constant, .map])
    self.size = UInt32(clamping: size)
    timeout = nil
    comment = nil
    countsElements = false
  }

  /// Bytes of what a key leads to; 0 for sets and verdict maps.
  static func dataLength(_ data: [DataType]?, _ elements: SetElements) -> Int {
    if case .values(_, let length) = elements.payload { return length }
    guard let data, data != [.verdict] else { return 0 }
    if data.count == 1 { return data[0].byteCount ?? 0 }
    return data.reduce(0) { $0 + (($1.byteCount ?? 0) + 3) & ~3 }
  }

  /// The set in libnftnl's hands, with the notes that nft(8) needs to list it.
  func handle(_ family: Family, _ table: TableName) throws(EncodingError) -> SetHandle {
    // No ruleset of ours has such sets; they are only read.
    if countsElements { throw .elementStatement }
    let handle = try SetHandle()
    try handle.set(NFTNL_SET_TABLE, table.text)
    try handle.set(NFTNL_SET_NAME, name)
    handle.set(NFTNL_SET_ID, id)
    handle.set(NFTNL_SET_FLAGS, flags.rawValue)
    handle.set(NFTNL_SET_KEY_TYPE, DataType.number(of: key))
    handle.set(NFTNL_SET_KEY_LEN, UInt32(keyLength))
    if let data {
      handle.set(
        NFTNL_SET_DATA_TYPE, data == [.verdict] ? sekisho_nft_data_verdict() : DataType.number(of: data))
      handle.set(NFTNL_SET_DATA_LEN, UInt32(dataLength))
    }
    if let timeout { handle.set(NFTNL_SET_TIMEOUT, u64: timeout) }
    if let size { handle.set(NFTNL_SET_DESC_SIZE, size) }
    if flags.contains(.concatenated) {
      // libnftnl keeps 16 lengths and reads up to the first zero.
      guard key.count < 16, let lengths = DataType.lengths(of: key, total: keyLength) else {
        throw .fieldLengths(key)
      }
      try handle.set(NFTNL_SET_DESC_CONCAT, lengths.map { UInt8(clamping: $0) })
    }
    try handle.set(NFTNL_SET_USERDATA, notes())
    return handle
  }

  private func notes() throws(EncodingError) -> [UInt8] {
    var notes: [UInt8] = []
    UserData.append(NotedByteOrder(key).rawValue, NFTNL_UDATA_SET_KEYBYTEORDER.rawValue, to: &notes)
    if let data {
      UserData.append(NotedByteOrder(data).rawValue, NFTNL_UDATA_SET_DATABYTEORDER.rawValue, to: &notes)
    }
    if flags.isSuperset(of: [.anonymous, .interval]), data == nil {
      UserData.append(1, NFTNL_UDATA_SET_MERGE_ELEMENTS.rawValue, to: &notes)
    }
    if data != nil { UserData.append(0, NFTNL_UDATA_SET_DATA_INTERVAL.rawValue, to: &notes) }
    // What the kernel keeps of all notes (NFT_USERDATA_MAXLEN), less those above.
    try UserData.append(
      comment, NFTNL_UDATA_SET_COMMENT.rawValue, limit: UserData.comment - notes.count, to: &notes)
    return notes
  }
}
