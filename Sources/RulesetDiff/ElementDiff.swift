internal import Nftables

/// Which elements of a set go and come.
struct ElementDiff {
  /// `nil`: none.
  let deleted: SetElements?
  let added: SetElements?

  /// One merge of two sorted lists. An element whose range, data or attributes differ goes and comes:
  /// the kernel keeps the old data of an element that is added again.
  init(from old: SetElements, to new: SetElements) {
    let common = old.commonEnds(with: new)
    let oldEnd = old.count - common.back
    let newEnd = new.count - common.back
    var gone: [Int] = []
    var come: [Int] = []
    var i = common.front
    var j = common.front
    while i < oldEnd || j < newEnd {
      let order = i == oldEnd ? 1 : j == newEnd ? -1 : old.compareKey(i, to: new, j)
      if order < 0 {
        gone.append(i)
        i += 1
      } else if order > 0 {
        come.append(j)
        j += 1
      } else {
        if !old.isElement(i, equalTo: new, j) {
          gone.append(i)
          come.append(j)
        }
        i += 1
        j += 1
      }
    }
    deleted = gone.isEmpty ? nil : old.selecting(gone)
    added = come.isEmpty ? nil : new.selecting(come)
  }
}
