"""The sites and customers of a level as a whole: filtered, seen in views of one's own, changed, taken in and out."""
