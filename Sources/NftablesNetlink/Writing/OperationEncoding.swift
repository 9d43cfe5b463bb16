internal import CMnl
internal import CNftnl
internal import Netlink
internal import Nftables

extension BatchWriter {
  /// Writes the messages of one operation.
  mutating func put(_ operation: Operation) throws(EncodingError) {
    switch operation {
    case .addTable(let comment, let flags): try addTable(comment, flags)
    case .setFlags(let flags):
      // Without flags the kernel leaves them as they are (`nf_tables_updtable`).
      beginMessage(NFT_MSG_NEWTABLE)
      scratch.put(NFTA_TABLE_NAME, table.text)
      scratch.put(NFTA_TABLE_FLAGS, flags.rawValue)
      finishMessage()
    case .deleteTable: deleteObject(NFT_MSG_DELTABLE, NFTA_TABLE_NAME, name: nil, nil)
    case .addChain(let name, let base, let comment): try addChain(name, base, comment)
    case .setPolicy(let name, let policy): setPolicy(name, policy)
    case .deleteChain(let name):
      deleteObject(NFT_MSG_DELCHAIN, NFTA_CHAIN_TABLE, name: NFTA_CHAIN_NAME, name.text)
    case .addSet(let set): try addNamed(set)
    case .resizeSet(let set, let size):
      try addSet(SetDeclaration(set, id: nextSetID(), size: size), flags: NLM_F_CREATE)
    case .deleteSet(let name):
      deleteObject(NFT_MSG_DELSET, NFTA_SET_TABLE, name: NFTA_SET_NAME, name.text)
    case .addElements(let set):
      let packer = try ElementPacker(set.elements, set.flags, data: set.data, .add)
      try putElements(NFT_MSG_NEWSETELEM, packer, set: set.name.text, id: nil)
    case .deleteElements(let set):
      let packer = try ElementPacker(set.elements, set.flags, data: set.data, .delete)
      try putElements(NFT_MSG_DELSETELEM, packer, set: set.name.text, id: nil)
    case .addRule(let chain, let rule, let position): try addRule(chain, rule, position)
    case .deleteRule(let chain, let handle):
      beginMessage(NFT_MSG_DELRULE)
      scratch.put(NFTA_RULE_TABLE, table.text)
      scratch.put(NFTA_RULE_CHAIN, chain.text)
      scratch.put(NFTA_RULE_HANDLE, u64: handle)
      finishMessage()
    case .deleteOther(let object, let handle): try deleteOther(object, handle)
    }
  }

  /// By handle: the name may have bytes that its text has not.
  private mutating func deleteOther(_ object: OpaqueObject, _ handle: UInt64) throws(EncodingError) {
    switch object.kind {
    case "set", "map":
      beginMessage(NFT_MSG_DELSET)
      scratch.put(NFTA_SET_TABLE, table.text)
      scratch.put(NFTA_SET_HANDLE, u64: handle)
    case StatefulMessage.flowtable:
      beginMessage(NFT_MSG_DELFLOWTABLE)
      scratch.put(NFTA_FLOWTABLE_TABLE, table.text)
      scratch.put(NFTA_FLOWTABLE_HANDLE, u64: handle)
    default:
      guard let type = StatefulMessage.type(of: object.kind) else { throw .unknownKind(object.kind) }
      beginMessage(NFT_MSG_DELOBJ)
      scratch.put(NFTA_OBJ_TABLE, table.text)
      scratch.put(NFTA_OBJ_TYPE, type)
      scratch.put(NFTA_OBJ_HANDLE, u64: handle)
    }
    finishMessage()
  }

  private mutating func addTable(_ comment: String?, _ flags: TableFlags) throws(EncodingError) {
    beginMessage(NFT_MSG_NEWTABLE, flags: NLM_F_CREATE)
    let handle = try TableHandle()
    try handle.set(NFTNL_TABLE_NAME, table.text)
    if !flags.isEmpty { handle.set(NFTNL_TABLE_FLAGS, flags.rawValue) }
    var notes: [UInt8] = []
    try UserData.append(
      comment, NFTNL_UDATA_TABLE_COMMENT.rawValue, limit: UserData.comment, to: &notes)
    if !notes.isEmpty { try handle.set(NFTNL_TABLE_USERDATA, notes) }
    handle.build(into: scratch)
    finishMessage()
  }

  private mutating func addChain(
    _ name: ChainName, _ base: BaseChain?, _ comment: String?
  ) throws(EncodingError) {
    beginMessage(NFT_MSG_NEWCHAIN, flags: NLM_F_CREATE)
    let handle = try ChainHandle()
    try handle.set(NFTNL_CHAIN_TABLE, table.text)
    try handle.set(NFTNL_CHAIN_NAME, name.text)
    if let base {
      for word in [base.type] + base.devices {
        guard word.utf8.count < IFNAMSIZ, !word.utf8.contains(0) else {
          throw .unusableText(limit: Int(IFNAMSIZ) - 1)
        }
      }
      try handle.set(NFTNL_CHAIN_TYPE, base.type)
      handle.set(NFTNL_CHAIN_HOOKNUM, base.hook.rawValue)
      handle.set(NFTNL_CHAIN_PRIO, signed: base.priority.rawValue)
      if let policy = base.policy { handle.set(NFTNL_CHAIN_POLICY, policy.rawValue) }
      guard base.devices.count <= 1 else { throw .severalDevices }
      if let device = base.devices.first { try handle.set(NFTNL_CHAIN_DEV, device) }
    }
    var notes: [UInt8] = []
    try UserData.append(
      comment, NFTNL_UDATA_CHAIN_COMMENT.rawValue, limit: UserData.comment, to: &notes)
    if !notes.isEmpty { try handle.set(NFTNL_CHAIN_USERDATA, notes) }
    handle.build(into: scratch)
    finishMessage()
  }

  private mutating func setPolicy(_ name: ChainName, _ policy: ChainPolicy) {
    beginMessage(NFT_MSG_NEWCHAIN)
    scratch.put(NFTA_CHAIN_TABLE, table.text)
    scratch.put(NFTA_CHAIN_NAME, name.text)
    scratch.put(NFTA_CHAIN_POLICY, policy.rawValue)
    finishMessage()
  }

  private mutating func deleteObject<Attribute: RawRepresentable<UInt32>>(
    _ kind: nf_tables_msg_types, _ tableAttribute: Attribute, name attribute: Attribute?, _ name: String?
  ) {
    beginMessage(kind)
    scratch.put(tableAttribute, table.text)
    if let attribute, let name { scratch.put(attribute, name) }
    finishMessage()
  }

  /// Elements of a set that is there already would come to stand beside the new ones, so that is an
  /// error.
  private mutating func addNamed(_ set: NamedSet) throws(EncodingError) {
    guard !set.name.text.utf8.contains(UInt8(ascii: "%")) else { throw .templateName }
    let id = nextSetID()
    try addSet(SetDeclaration(set, id: id, size: set.size), flags: NLM_F_CREATE | NLM_F_EXCL)
    let packer = try ElementPacker(set.elements, set.flags, data: set.data, .create)
    try putElements(NFT_MSG_NEWSETELEM, packer, set: set.name.text, id: id)
  }

  private mutating func addRule(
    _ chain: ChainName, _ rule: Rule, _ position: RulePosition
  ) throws(EncodingError) {
    var inlineSets: [(name: String, id: UInt32)?] = []
    inlineSets.reserveCapacity(rule.expressions.count)
    for expression in rule.expressions { inlineSets.append(try addInlineSet(expression)) }
    let place: Int32 = position == .last ? NLM_F_APPEND : 0
    beginMessage(NFT_MSG_NEWRULE, flags: NLM_F_CREATE | place)
    scratch.put(NFTA_RULE_TABLE, table.text)
    scratch.put(NFTA_RULE_CHAIN, chain.text)
    if case .before(let handle) = position { scratch.put(NFTA_RULE_POSITION, u64: handle) }
    let list = scratch.beginNest(NFTA_RULE_EXPRESSIONS)
    for (expression, inlineSet) in zip(rule.expressions, inlineSets) {
      try expression.append(to: scratch, inlineSet: inlineSet)
    }
    scratch.endNest(list)
    var notes: [UInt8] = []
    try UserData.append(
      rule.comment, NFTNL_UDATA_RULE_COMMENT.rawValue, limit: UserData.ruleComment, to: &notes)
    if !notes.isEmpty { scratch.put(NFTA_RULE_USERDATA, notes) }
    finishMessage()
  }

  /// Declares the anonymous set that an expression looks up, if it does.
  private mutating func addInlineSet(
    _ expression: Expression
  ) throws(EncodingError) -> (name: String, id: UInt32)? {
    guard case .lookup(.inline(let set), _, _, _) = expression else { return nil }
    let packer = try ElementPacker(
      set.elements, set.flags.union(.anonymous), data: set.data, .create)
    let declaration = SetDeclaration(set, id: nextSetID(), size: packer.declaredSize)
    try addSet(declaration, flags: NLM_F_CREATE)
    try putElements(NFT_MSG_NEWSETELEM, packer, set: declaration.name, id: declaration.id)
    return (declaration.name, declaration.id)
  }
}
