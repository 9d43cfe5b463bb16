internal import Reachability

/// A picture as SVG within a page. Colours are the page's.
struct PictureSVG {
  private let picture: ReportPicture
  private let layout: PictureLayout

  init(_ picture: ReportPicture) {
    self.picture = picture
    // Whoever comes from outside is ahead of all; that some go out there, too, moves nobody behind them.
    let asking = Set(picture.arrows.map(\.from)).filter { picture.boxes[$0].kind == .network }
    layout = PictureLayout(
      count: picture.boxes.count,
      ranking: picture.arrows.filter { !asking.contains($0.to) }.map { ($0.from, $0.to) },
      arrows: picture.arrows.map { ($0.from, $0.to) })
  }

  var width: Int { layout.width }

  var text: String {
    var out =
      "<svg id=\"picture-drawing\" viewBox=\"0 0 \(layout.width) \(layout.height)\" width=\"\(layout.width)\" height=\"\(layout.height)\" role=\"img\" aria-labelledby=\"picture-name picture-words\">"
    out += "<title id=\"picture-name\">Who may ask whom</title>"
    out +=
      "<desc id=\"picture-words\">\(picture.boxes.count) boxes and \(picture.arrows.count) arrows; the tables of flows and of reach have the same in words.</desc>"
    out +=
      "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerUnits=\"userSpaceOnUse\" markerWidth=\"9\" markerHeight=\"9\" orient=\"auto-start-reverse\"><path d=\"M0 0 8 4 0 8z\" class=\"tip\"/></marker></defs>"
    for (number, arrow) in picture.arrows.enumerated() { out += self.arrow(arrow, number) }
    for (number, box) in picture.boxes.enumerated() { out += self.box(box, number) }
    return out + "</svg>"
  }

  private func arrow(_ arrow: ReportPicture.Arrow, _ number: Int) -> String {
    let (from, to) = (layout.places[arrow.from], layout.places[arrow.to])
    let (width, height) = (PictureLayout.boxWidth, PictureLayout.boxHeight)
    let words =
      "\(picture.boxes[arrow.from].name) → \(picture.boxes[arrow.to].name): \(arrow.services.joined(separator: ", ")) (\(arrow.flows.joined(separator: ", ")))"
    let path: String
    if arrow.from == arrow.to {
      let (x, y) = (from.x + width, from.y + height / 2)
      path = "M\(x) \(y - 8)c34-14 34 30 0 16"
    } else if from.x == to.x {
      // Within a column it leads around on the right.
      let (x, bend) = (from.x + width, min(30 + abs(from.y - to.y) / 6, 90))
      path =
        "M\(x) \(from.y + height / 2)C\(x + bend) \(from.y + height / 2) \(x + bend) \(to.y + height / 2) \(x) \(to.y + height / 2)"
    } else {
      let isForward = from.x < to.x
      var (x, y) = (isForward ? from.x + width : from.x, from.y + height / 2)
      var way = "M\(x) \(y)"
      func lead(to end: (x: Int, y: Int)) {
        let bend = (end.x - x) / 2
        way += "C\(x + bend) \(y) \(end.x - bend) \(end.y) \(end.x) \(end.y)"
        (x, y) = end
      }
      for place in layout.ways[number] {
        lead(to: (isForward ? place.x : place.x + width, place.y))
        x = isForward ? place.x + width : place.x
        way += "H\(x)"
      }
      lead(to: (isForward ? to.x : to.x + width, to.y + height / 2))
      path = way
    }
    return
      "<path class=\"arrow\" data-arrow=\"\(number)\" d=\"\(path)\" marker-end=\"url(#tip)\"><title>\(HTMLText.escaped(words))</title></path>"
  }

  private func box(_ box: ReportPicture.Box, _ number: Int) -> String {
    let place = layout.places[number]
    let (width, height) = (PictureLayout.boxWidth, PictureLayout.boxHeight)
    var classes = ["box", "\(box.kind)"]
    if box.isCrown { classes.append("crown") }
    let count = box.count > 1 ? " (\(box.count))" : ""
    let name = Self.shortened(box.name, to: 21 - count.count) + count
    var below = box.zone.map { "zone \($0)" } ?? ""
    if box.kind == .network { below = "outside" }
    if box.kind == .selection { below = Self.shortened(box.members.joined(separator: ", "), to: 28) }
    if box.isCrown { below += below.isEmpty ? "crown jewel" : ", crown jewel" }
    let members = box.members.isEmpty ? "" : ": \(box.members.joined(separator: ", "))"
    let isAlone = below.isEmpty
    var out =
      "<g class=\"\(classes.joined(separator: " "))\" data-box=\"\(number)\" transform=\"translate(\(place.x) \(place.y))\">"
    out += "<title>\(HTMLText.escaped("\(box.name)\(members)"))</title>"
    out += "<rect width=\"\(width)\" height=\"\(height)\" rx=\"\(box.kind == .network ? height / 2 : 7)\"/>"
    out +=
      "<text x=\"\(width / 2)\" y=\"\(isAlone ? 28 : 20)\" class=\"name\">\(HTMLText.escaped(name))</text>"
    if !isAlone {
      out +=
        "<text x=\"\(width / 2)\" y=\"37\" class=\"about\">\(HTMLText.escaped(Self.shortened(below, to: 28)))</text>"
    }
    return out + "</g>"
  }

  private static func shortened(_ text: String, to count: Int) -> String {
    text.count > count ? text.prefix(count - 1) + "…" : text
  }
}

extension ReportPicture.Box {
  fileprivate var count: Int { hosts }
}
