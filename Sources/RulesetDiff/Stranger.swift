internal import Nftables

/// Something in a table that is not modelled, and not wanted.
struct Stranger {
  let object: OpaqueObject
  /// 0: there is no way to name it to the kernel.
  let handle: UInt64

  /// Chains are not: what leads to them is not known.
  var isDeletable: Bool { handle != 0 }

  var setName: SetName? {
    object.kind == "set" || object.kind == "map" ? SetName(checked: object.name) : nil
  }
}

extension InstalledTable {
  /// What goes, in an order the kernel accepts: elements of maps refer to objects.
  func strangers(without wanted: Table) -> [Stranger] {
    let all = table.others.enumerated().map { index, object in
      Stranger(object: object, handle: index < otherHandles.count ? otherHandles[index] : 0)
    }
    let unwanted = all.filter { !wanted.others.contains($0.object) }
    return unwanted.filter { $0.setName != nil } + unwanted.filter { $0.setName == nil }
  }
}
