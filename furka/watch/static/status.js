// Says so when this page is old: then whoever writes it no longer does.
const stale = document.getElementById("stale");
const look = () => { stale.hidden = Date.now() - Date.parse(stale.dataset.at) < Number(stale.dataset.old) * 1000; };
look();
setInterval(look, 10000);
setTimeout(() => location.reload(), 60000);
