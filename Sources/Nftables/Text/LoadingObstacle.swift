extension Table {
  /// Why the listing does not load again with `nft -f` as the same table; `nil`: it does.
  public var loadingObstacle: String? {
    let steps = chains.flatMap(\.rules).flatMap(\.expressions)
    if steps.contains(where: { $0.heldExtension != nil }) {
      return "this does not load again with nft -f: it is of iptables, which iptables-save saves"
    }
    if !others.isEmpty {
      return "this does not load again with nft -f as it is: \(others.count) of its objects are not shown"
    }
    do throws(TextError) {
      _ = try fileText()
      return nil
    } catch {
      return "this does not load again with nft -f as it is: parts of it have no exact words there"
    }
  }
}
