console.log("dl");
