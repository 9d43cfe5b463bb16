internal import CMnl
internal import CNftnl
internal import Netlink
internal import Nftables

/// Writes the messages of one transaction, one behind the other, and remembers which operation each
/// is for.
struct BatchWriter: ~Copyable {
  /// A message of the batch.
  struct Part {
    let sequence: UInt32
    /// Index of the operation in the change.
    let operation: Int
    /// Where the message begins in the batch.
    let offset: Int
    let kind: nf_tables_msg_types
  }

  let family: Family
  let table: TableName
  /// Number of the batch's begin; its messages count on from there.
  let firstSequence: UInt32
  private(set) var writer = MessageWriter()
  private(set) var parts: [Part] = []
  private(set) var lastSequence: UInt32
  let scratch = MessageScratch()
  private var lastSetID: UInt32 = 0
  private var operation = 0

  init(_ change: Change, firstSequence: UInt32) {
    family = change.family
    table = change.table
    self.firstSequence = firstSequence
    lastSequence = firstSequence
  }

  /// Begins the batch (`NFNL_MSG_BATCH_BEGIN`).
  ///
  ///     NFNL_BATCH_GENID   u32, the generation the kernel must be at
  mutating func begin(expecting generation: UInt32?) {
    let start = writer.beginMessage(
      type: sekisho_nfnl_batch_begin(), flags: UInt16(NLM_F_REQUEST), sequence: firstSequence)
    appendBatchHeader()
    if let generation { writer.put(NFNL_BATCH_GENID, generation) }
    writer.endMessage(start)
  }

  /// Ends the batch (`NFNL_MSG_BATCH_END`), see Transaction for what is acknowledged and why.
  mutating func end() {
    if let last = parts.last {
      writer.setFlags(UInt16(NLM_F_ACK), at: last.offset)
    }
    nextSequence()
    let start = writer.beginMessage(
      type: sekisho_nfnl_batch_end(), flags: UInt16(NLM_F_REQUEST | NLM_F_ACK), sequence: lastSequence)
    appendBatchHeader()
    writer.endMessage(start)
  }

  private mutating func appendBatchHeader() {
    writer.append([UInt8(AF_UNSPEC), UInt8(NFNETLINK_V0), 0, UInt8(NFNL_SUBSYS_NFTABLES)])
  }

  private mutating func nextSequence() {
    lastSequence &+= 1
    if lastSequence == 0 { lastSequence = 1 }
  }

  /// Numbers the messages that follow for an operation.
  mutating func startOperation(_ index: Int) { operation = index }

  /// A number for a set of this transaction.
  mutating func nextSetID() -> UInt32 {
    lastSetID += 1
    return lastSetID
  }

  /// Begins a message in ``scratch``.
  mutating func beginMessage(_ kind: nf_tables_msg_types, flags: Int32 = 0) {
    nextSequence()
    scratch.begin(kind, family, flags: flags, sequence: lastSequence)
    parts.append(Part(sequence: lastSequence, operation: operation, offset: writer.count, kind: kind))
  }

  /// Appends the message that stands in ``scratch``.
  mutating func finishMessage() { scratch.append(to: &writer) }

  /// Declares a set.
  mutating func addSet(_ declaration: SetDeclaration, flags: Int32) throws(EncodingError) {
    beginMessage(NFT_MSG_NEWSET, flags: flags)
    try declaration.handle(family, table).build(into: scratch)
    finishMessage()
  }

  /// Adds or deletes elements, in as many messages as they need.
  ///
  /// - Parameter id: the set's number, when this transaction declares it.
  mutating func putElements(
    _ kind: nf_tables_msg_types, _ packer: ElementPacker, set name: String, id: UInt32?
  ) throws(EncodingError) {
    var index = 0
    while index < packer.elements.count {
      nextSequence()
      let start = writer.count
      parts.append(Part(sequence: lastSequence, operation: operation, offset: start, kind: kind))
      let flags = kind == NFT_MSG_NEWSETELEM ? NLM_F_REQUEST | NLM_F_CREATE : NLM_F_REQUEST
      _ = writer.beginMessage(
        type: NftablesConnection.type(kind), flags: UInt16(flags), sequence: lastSequence)
      writer.append([family.rawValue, UInt8(NFNETLINK_V0), 0, 0])
      writer.put(NFTA_SET_ELEM_LIST_TABLE, table.text)
      writer.put(NFTA_SET_ELEM_LIST_SET, name)
      if let id { writer.put(NFTA_SET_ELEM_LIST_SET_ID, id) }
      index = try packer.pack(from: index, into: &writer)
      writer.endMessage(start)
    }
  }
}
