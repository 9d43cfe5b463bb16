internal import CNftnl
internal import Netlink
public import Nftables

extension NftablesConnection {
  /// One whole table as it stood at one generation; `nil` when there is none of that name.
  ///
  /// The elements of sets that rules fill (`dynamic`) are the kernel's and are not read. Sets that are
  /// not modelled exactly are among ``Nftables/Table/others``.
  ///
  /// - Parameters:
  ///   - family: of the table.
  ///   - name: of the table.
  ///   - known: sets as they are at a generation, so that their elements are not listed if the ruleset is at that one.
  /// - Throws: ``ReadError``.
  public func table(
    _ family: Family, _ name: TableName, knowing known: (sets: [NamedSet], generation: UInt32)? = nil
  ) throws(ReadError) -> InstalledTable? {
    try Self.retrying { () throws(ReadError) in
      var parts: TableParts?
      do throws(NetlinkError) { parts = try readParts(family, name, known) } catch { throw .netlink(error) }
      do throws(MessageError) {
        return try parts?.assemble()
      } catch {
        throw .message(error, doing: "read table \(family) \(name)")
      }
    }
  }

  /// The kernel marks a listing of elements that a change tore by nothing but its generation: that
  /// must be the same before, in every message, and after.
  private func readParts(
    _ family: Family, _ name: TableName, _ known: (sets: [NamedSet], generation: UInt32)?
  ) throws(NetlinkError) -> TableParts? {
    let present = try generation()
    var parts = TableParts(
      family: family, name: name, generation: present,
      known: known?.generation == present ? known?.sets ?? [] : [])
    do throws(NetlinkError) {
      try channel.ask(
        type: Self.type(NFT_MSG_GETTABLE),
        payload: MessageWriter.request(family) { $0.put(NFTA_TABLE_NAME, name.text) },
        doing: "read table \(family) \(name)"
      ) { parts.take($0, $1) }
    } catch .failed(.noEntry, _, _) {
      return nil
    }
    do throws(NetlinkError) {
      try list(NFT_MSG_GETCHAIN, family, "chains", into: &parts)
      try list(NFT_MSG_GETSET, family, "sets", into: &parts) { $0.put(NFTA_SET_TABLE, name.text) }
      for set in parts.setsToList {
        try list(NFT_MSG_GETSETELEM, family, "elements of set \(set)", into: &parts) {
          $0.put(NFTA_SET_ELEM_LIST_TABLE, name.text)
          $0.put(NFTA_SET_ELEM_LIST_SET, set.text)
        }
      }
      parts.closeSets()
      try list(NFT_MSG_GETRULE, family, "rules", into: &parts) { $0.put(NFTA_RULE_TABLE, name.text) }
      try list(NFT_MSG_GETOBJ, family, "objects", into: &parts) { $0.put(NFTA_OBJ_TABLE, name.text) }
      try list(NFT_MSG_GETFLOWTABLE, family, "flowtables", into: &parts) {
        $0.put(NFTA_FLOWTABLE_TABLE, name.text)
      }
    } catch .failed(.noEntry, _, _) {
      // It was there a moment ago.
      throw .interrupted
    }
    let after = try generation()
    if parts.isTorn || after != parts.generation { throw .interrupted }
    return parts
  }

  private func list(
    _ kind: nf_tables_msg_types, _ family: Family, _ what: String, into parts: inout TableParts,
    _ filter: (inout MessageWriter) -> Void = { _ in }
  ) throws(NetlinkError) {
    try channel.dump(
      type: Self.type(kind), payload: MessageWriter.request(family, filter),
      doing: "list the \(what) of table \(family) \(parts.name)"
    ) { parts.take($0, $1) }
  }
}
