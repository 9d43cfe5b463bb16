internal import CMnl
internal import CNftnl
internal import Netlink
internal import Nftables

/// Turns the kernel's errors back into the objects that were sent.
struct RefusalMapping {
  let change: Change
  let parts: [BatchWriter.Part]
  let batch: [UInt8]

  private var title: String { "table \(change.family) \(change.table)" }

  func refusal(_ answer: Acknowledgement, _ code: KernelErrno) -> KernelRefusal {
    guard let part = parts.first(where: { $0.sequence == answer.sequence }) else {
      return KernelRefusal(
        operation: nil, object: "transaction on \(title)", element: nil, code: code,
        reason: Self.reason(code, nil), extended: answer.text)
    }
    let operation = change.operations[part.operation]
    return KernelRefusal(
      operation: part.operation, object: operation.object(in: title),
      element: element(part, operation, answer.offset), code: code,
      reason: Self.reason(code, part.kind), extended: answer.text)
  }

  /// The element of a list that an offset in its message points at.
  private func element(_ part: BatchWriter.Part, _ operation: Operation, _ offset: Int?) -> String? {
    guard part.kind == NFT_MSG_NEWSETELEM || part.kind == NFT_MSG_DELSETELEM, let offset else { return nil }
    let end = part.offset + Int(batch.span.hostUInt32(at: part.offset))
    guard end <= batch.count,
      var fields = Attributes(batch, part.offset + Message.headerLength + 4..<end),
      let list = fields.take(NFTA_SET_ELEM_LIST_ELEMENTS)
    else { return nil }
    var cursor = AttributeCursor(list)
    while let element = cursor.next(in: batch.span) {
      let place = element.payload.lowerBound - 4..<element.payload.upperBound
      guard place.contains(part.offset + offset) else { continue }
      guard var inner = Attributes(batch, element.payload), let key = inner.value(NFTA_SET_ELEM_KEY) else {
        return nil
      }
      return ElementText.text(key, operation.keyTypes)
    }
    return nil
  }

  /// What an error means for an object of that kind.
  private static func reason(_ code: KernelErrno, _ kind: nf_tables_msg_types?) -> String {
    switch (kind, code) {
    case (NFT_MSG_NEWSETELEM, .tableFull): "too many elements"
    case (NFT_MSG_NEWSETELEM, .exists), (NFT_MSG_NEWSETELEM, .notEmpty):
      "an element is there already, or overlaps another"
    case (NFT_MSG_DELSETELEM, .noEntry): "an element is not in it"
    case (NFT_MSG_NEWSET, .exists): "it exists already, perhaps with another type, flags or size"
    case (NFT_MSG_NEWCHAIN, .exists): "it exists already, with another type, hook or priority"
    case (NFT_MSG_NEWRULE, .noEntry):
      "it refers to a chain, set or neighbouring rule that does not exist, or needs a kernel module that is absent"
    case (NFT_MSG_NEWRULE, .invalid), (NFT_MSG_NEWRULE, .notSupported):
      "the kernel does not accept one of its expressions here"
    case (_, .noEntry): "it does not exist, or something it refers to does not"
    case (_, .busy): "it is still in use"
    case (_, .exists): "it exists already"
    case (_, .perm): "not permitted"
    case (_, .invalid): "the kernel does not accept it"
    case (_, .tooManyLinks), (_, .loop): "chains jump in a circle, or too deep"
    default: code.message
    }
  }
}

extension Operation {
  /// The object in words.
  func object(in table: String) -> String {
    switch self {
    case .addTable, .setFlags, .deleteTable: table
    case .addChain(let name, _, _), .setPolicy(let name, _), .deleteChain(let name):
      "chain \(name) in \(table)"
    case .addSet(let set), .resizeSet(let set, _), .addElements(let set), .deleteElements(let set):
      "\(set.data == nil ? "set" : "map") \(set.name) in \(table)"
    case .deleteSet(let name): "set \(name) in \(table)"
    case .addRule(let chain, let rule, _):
      "rule \(rule.comment.map { "\"\($0)\" " } ?? "")of chain \(chain) in \(table)"
    case .deleteRule(let chain, let handle): "rule with handle \(handle) of chain \(chain) in \(table)"
    case .deleteOther(let object, _): "\(object.kind) \(object.name) in \(table)"
    }
  }

  /// Types of the keys whose elements the operation is about; empty for the sets of a rule.
  var keyTypes: [DataType] {
    switch self {
    case .addSet(let set), .addElements(let set), .deleteElements(let set): set.key
    default: []
    }
  }
}
