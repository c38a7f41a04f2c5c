// The schedules of a graded page, each in a viewer of its own; viewer.js comes before.
"use strict";

const viewers = [...document.querySelectorAll(".schedule-here")].map(place => ({place,
  viewer: mountViewer(place, JSON.parse(place.nextElementSibling.textContent))}));

function isInView({place}) {
  const {top, bottom} = place.getBoundingClientRect();
  return top < innerHeight / 2 && bottom > innerHeight / 2;
}

// A viewer takes all of its keys while it has the focus. Without that ← and →, which move nothing
// else on this page, step the schedule that is in view.
document.addEventListener("keydown", event => {
  const focused = viewers.find(({place}) => place.contains(event.target));
  const steps = ["ArrowLeft", "ArrowRight"].includes(event.key);
  (focused ?? (steps ? viewers.find(isInView) : undefined))?.viewer.key(event);
});
